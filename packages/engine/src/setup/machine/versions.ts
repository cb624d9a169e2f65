/** Whether a version such as 2.9 is older than another such as 2.35, compared number by number. */
export function isOlderVersion(version: string, than: string): boolean {
  const parts = version.split('.').map(Number)
  const others = than.split('.').map(Number)
  for (const [index, other] of others.entries()) {
    const part = parts[index] ?? 0
    if (part !== other) return part < other
  }
  return false
}
