import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { refuse, sendFile } from './hub.ts'
import { useFolder } from './support.ts'
import { errorOf, model, useHub, weights, weightsDigest } from './use-hub.ts'

const folder = useFolder()
const shared = useHub(folder.path)

describe('access', () => {
  const page = () => `${shared.hub.address}/${model}`
  test.each([
    [
      'gated, for nobody who is logged in',
      401,
      'GatedRepo',
      '',
      () => ({
        code: 'MODEL_GATED',
        message: `${model} is gated: its owner must give your account access.`,
        hint: `Ask for access on ${page()} with your account; then set HF_TOKEN to a token of that account, or log in with: hf auth login`,
      }),
    ],
    [
      'gated, for an account without access',
      403,
      'GatedRepo',
      'hf_mine',
      () => ({
        code: 'MODEL_GATED',
        hint: expect.stringContaining(`Ask for access on ${page()} with the account of the token in use`),
      }),
    ],
    [
      'missing or private',
      404,
      'RepoNotFound',
      '',
      () => ({
        code: 'MODEL_NOT_FOUND',
        message: `The hub has no model ${model}, or it is private.`,
        hint: expect.stringContaining(`${shared.hub.address}/models`),
      }),
    ],
    [
      'without that revision',
      404,
      'RevisionNotFound',
      '',
      () => ({
        code: 'MODEL_NOT_FOUND',
        message: `${model} has no revision v9.`,
        hint: `Its branches, tags and commits are on ${page()}/tree/main`,
      }),
    ],
    [
      'a token without the right',
      403,
      'Forbidden',
      'hf_mine',
      () => ({
        code: 'ACCESS_DENIED',
        message: `The hub refuses access to ${model} with the token in use (status 403).`,
        hint: expect.stringContaining(`${shared.hub.address}/settings/tokens`),
      }),
    ],
  ])('%s', async (_, status, kind, token, expected) => {
    shared.hub.trouble = (__, response) => {
      refuse(response, status, kind)
      return true
    }
    const engine = await shared.engine({ HF_TOKEN: token })
    expect(await errorOf(engine.downloadModel({ model, revision: 'v9' }))).toMatchObject(expected())
    // Asking again would change nothing.
    expect(shared.hub.requests).toHaveLength(1)
  })

  test('is denied without a token', async () => {
    shared.hub.trouble = (_, response) => {
      response.writeHead(403).end()
      return true
    }
    const engine = await shared.engine()
    expect(await errorOf(engine.downloadModel({ model }))).toMatchObject({
      code: 'ACCESS_DENIED',
      message: `The hub refuses access to ${model} without a token (status 403).`,
    })
  })

  test('is denied with an invalid token', async () => {
    shared.hub.trouble = (_, response) => {
      response.writeHead(401, { 'X-Error-Message': 'Invalid credentials in Authorization header' }).end()
      return true
    }
    const engine = await shared.engine({ HF_TOKEN: 'hf_wrong' })
    const error = await errorOf(engine.downloadModel({ model }))
    expect(error).toMatchObject({
      code: 'ACCESS_DENIED',
      message: `The hub refuses access to ${model} with the token in use (status 401).`,
    })
    expect(JSON.stringify(error)).not.toContain('hf_wrong')
  })

  test('the token is sent to the hub, and not to the target of a redirect', async () => {
    const seen: (string | undefined)[] = []
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization)
      sendFile(request, response, weights, 'x', 'y')
    })
    await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening))
    const address = elsewhere.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const etag = weightsDigest
    try {
      shared.hub.trouble = (_, response, path) => {
        if (!path.endsWith('.safetensors')) return false
        response.writeHead(302, {
          Location: `http://127.0.0.1:${port}/signed`,
          'X-Repo-Commit': 'a'.repeat(40),
          'X-Linked-Etag': `"${etag}"`,
          'X-Linked-Size': weights.length,
          // The other way in which the hub offers files.
          'X-Xet-Hash': 'e'.repeat(64),
          'X-Xet-Refresh-Route': `/api/models/${model}/xet-read-token/${'a'.repeat(40)}`,
          Link: `<http://127.0.0.1:${port}/xet>; rel="xet-auth"`,
        })
        response.end()
        return true
      }
      const engine = await shared.engine({ HF_TOKEN: 'hf_secret', HF_HUB_DISABLE_XET: '0' })
      await engine.downloadModel({ model })
      expect(seen).toEqual([undefined])
      expect(new Set(shared.hub.tokens)).toEqual(new Set(['Bearer hf_secret']))
      expect(shared.hub.requests.filter((line) => line.includes('xet'))).toEqual([])
      expect((await engine.verifyModel({ model })).files.every(({ state }) => state === 'ok')).toBe(true)
    } finally {
      elsewhere.closeAllConnections()
      await new Promise((closed) => elsewhere.close(closed))
    }
  })
})
