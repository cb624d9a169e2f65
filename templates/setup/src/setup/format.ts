const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** 1234567 as 1.2 MB: decimal units, as the Hugging Face hub and disks count. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit > 0 && value < 99.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit]}`
}
