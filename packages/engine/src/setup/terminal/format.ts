const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** Formats bytes in decimal units, as the Hugging Face hub does: 1234567 is 1.2 MB. */
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

/** Formats a duration: 83 is 1:23, 3725 is 1:02:05. Seconds are rounded up, so that 0:00 means the end. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole >= 86_400) return 'over a day'
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
