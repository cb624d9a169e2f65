import { secureHeaders } from 'hono/secure-headers'
import type { Api } from '../context.ts'

/**
 * What browsers are told with every answer: not to guess types, not to say where they come from, not to show the
 * page in a frame. The page brings its own Content-Security-Policy; HTTPS is for whoever ends it to demand.
 */
export function addSecurityHeaders(api: Api): void {
  api.use(
    secureHeaders({
      strictTransportSecurity: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xDnsPrefetchControl: false,
      xXssProtection: false,
      xFrameOptions: 'DENY',
    }),
  )
}
