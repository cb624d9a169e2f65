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

/** 83 as 1:23, 3725 as 1:02:05; past a day only that. Seconds are rounded up, so that 0:00 means the end. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole >= 86_400) return 'over a day'
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
