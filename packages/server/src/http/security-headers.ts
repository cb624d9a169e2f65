import { secureHeaders } from 'hono/secure-headers'
import type { Api } from '../context.ts'

/**
 * Adds headers to every response that forbid MIME sniffing, referrers and frames. The chat page sets its own
 * Content-Security-Policy. A proxy that terminates TLS can add Strict-Transport-Security.
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
