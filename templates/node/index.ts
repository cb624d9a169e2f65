import { createEngine } from 'mlx-app'

await using engine = await createEngine()
await engine.loadModel({
  onProgress: ({ stage, loadedBytes, totalBytes }) =>
    console.error(`${stage}: ${loadedBytes} of ${totalBytes} bytes`),
})
const messages = [{ role: 'user' as const, content: 'What is MLX?' }]
for await (const chunk of engine.generate({ messages })) process.stdout.write(chunk.text)
process.stdout.write('\n')
