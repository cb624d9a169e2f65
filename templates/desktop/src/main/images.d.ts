/** An image as a data URL, which Vite makes. */
declare module '*.png?inline' {
  const dataUrl: string
  export default dataUrl
}
