/** Who sends a request: the name of a key, what `authenticate` says, or `anonymous` where nobody has to say it. */
export type Caller = string

/**
 * Says who sends a request, in place of the check of keys; undefined refuses it with 401. It is asked for every request
 * but those to what is open to all: the pages, `/health`, `/ready`, `/api/status` and the description of the API. What
 * it throws is answered with 500.
 *
 * Limits, logs and stored answers go by the name that it gives.
 */
export type Authenticate = (request: Request) => Caller | undefined | Promise<Caller | undefined>
