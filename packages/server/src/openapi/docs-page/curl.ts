import type { Operation } from './model.ts'

/**
 * Returns a curl command for a POSIX shell.
 *
 * @param url the address of the server, without a trailing slash.
 * @param needsKey whether to send the key in the variable API_KEY.
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

/** Writes path parameters in capitals, because braces are special in curl. */
function fillPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
}

/** Quotes an argument for the shell. In single quotes, only the quote itself is special. */
function quoteForShell(text: string): string {
  return /^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function formatBody(body: unknown): string {
  const text = JSON.stringify(body)
  return text.length <= 76 ? text : JSON.stringify(body, undefined, 2)
}
