import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { freePort } from '../packages/engine/test/engine/free-port.ts'
import { type HttpClient, httpClient } from './http-client.ts'

const version = '0.6.0'

/**
 * Starts vllm-mlx with continuous batching. It is installed in the workspace (6 GB, including PyTorch) unless VLLM_MLX names
 * its program.
 */
export async function startVllmMlx(workspace: string, model: string): Promise<HttpClient & AsyncDisposable> {
  const program = process.env.VLLM_MLX ?? (await install(workspace))
  const port = await freePort()
  const home = join(workspace, 'vllm-mlx-home')
  await mkdir(home, { recursive: true })
  const child = spawn(program, ['serve', model, '--port', String(port), '--continuous-batching'], {
    env: { ...process.env, HOME: home, HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exit = once(child, 'exit')
  const log: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes('Uvicorn running')) resolve()
      log.push(line)
    })
    exit.then(() => reject(new Error(`vllm-mlx exited: ${log.slice(-20).join('\n')}`)))
  })
  const { stream, burst } = httpClient(`http://127.0.0.1:${port}/v1`)
  return {
    // vllm-mlx needs the name of the model that it was started with.
    stream: (body, options) => stream({ ...body, model }, options),
    burst: (bodies) => burst(bodies.map((body) => ({ ...body, model }))),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function install(workspace: string): Promise<string> {
  const folder = join(workspace, 'vllm-mlx')
  if (!existsSync(folder)) {
    await execa('python3', ['-m', 'venv', folder])
    const packages = process.platform === 'linux' ? ['mlx[cpu]'] : []
    await execa(join(folder, 'bin', 'pip'), ['install', '-q', `vllm-mlx==${version}`, ...packages])
  }
  return join(folder, 'bin', 'vllm-mlx')
}
