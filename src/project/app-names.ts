/** Returns the name of a desktop app that users see: `My App` for `my-app` and for `@scope/my-app`. */
export function productName(name: string): string {
  const words = bareName(name)
    .split(/[-_.]+/)
    .filter((word) => word !== '')
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || bareName(name)
}

/** Returns the identifier of a desktop app, which operating systems tell apps apart by: `com.example.my-app`. */
export function appId(name: string): string {
  // Apple allows letters, digits, dots and hyphens.
  return `com.example.${bareName(name).replaceAll('_', '-')}`
}

function bareName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
