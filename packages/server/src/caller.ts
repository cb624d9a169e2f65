/** The sender of a request: a key's name, the result of `authenticate`, or `anonymous`. */
export type Caller = string

/**
 * Identifies the sender of a request and replaces the check of API keys. Returning undefined rejects the request
 * with 401, and throwing answers it with 500. Public endpoints are not checked: the pages, `/health`, `/ready`,
 * `/api/status` and the API description.
 *
 * Limits, logs and stored responses use the returned name.
 */
export type Authenticate = (request: Request) => Caller | undefined | Promise<Caller | undefined>
