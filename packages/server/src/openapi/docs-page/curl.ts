import type { Operation } from './model.ts'

/**
 * A command for a POSIX shell that makes the request.
 *
 * @param url where the server answers, without a slash at its end.
 * @param needsKey whether it needs a key, which the command takes from the variable API_KEY.
 */
export function curlCommand(
  { method, path, security, requestBody }: Operation,
  url: string,
  needsKey: boolean,
) {
  const body = requestBody?.content['application/json']?.example
  const lines = [
    `curl ${quoteForShell(url + fillPath(path))}`,
    ...(method === 'get' || body !== undefined ? [] : [`-X ${method.toUpperCase()}`]),
    ...(needsKey && security?.length !== 0 ? ['-H "Authorization: Bearer $API_KEY"'] : []),
    ...(body === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoteForShell(formatBody(body))}`]),
  ]
  return lines.join(' \\\n  ')
}

/** Parameters in capitals: curl has a meaning of its own for braces. */
function fillPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
}

/** In single quotes nothing has a meaning but the quote itself. */
function quoteForShell(text: string): string {
  return /^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function formatBody(body: unknown): string {
  const text = JSON.stringify(body)
  return text.length <= 76 ? text : JSON.stringify(body, undefined, 2)
}
