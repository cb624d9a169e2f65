/** Returns a response that calls `onEnd` when its body was read completely, or when reading stopped early. */
export function watchBody(response: Response, onEnd: (complete: boolean) => void): Response {
  if (response.body === null) {
    onEnd(true)
    return response
  }
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          controller.close()
          onEnd(true)
        } catch (error) {
          onEnd(false)
          throw error
        }
      },
      async cancel(reason) {
        onEnd(false)
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}
