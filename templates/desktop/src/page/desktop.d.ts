import type { DesktopApi } from '../shared/desktop-api.ts'

declare global {
  interface Window {
    /** What the preload script exposes. */
    readonly desktop: DesktopApi
  }
}
