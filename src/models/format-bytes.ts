const MB = 1e6
const GB = 1e9

/** Formats a number of bytes for people, in powers of 1000: 351 MB, 2.3 GB. */
export function formatBytes(bytes: number): string {
  return bytes < GB ? `${Math.round(bytes / MB)} MB` : `${(bytes / GB).toFixed(1)} GB`
}
