/**
 * A network namespace of Linux for a test. It only has loopback, and an optional gateway to a Unix socket. The kernel counts all
 * packets, so that no connection goes unnoticed.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { program as programOf } from './programs/find.ts'
import { tsx } from './setup-project.ts'

const relay = fileURLToPath(new URL('relay.ts', import.meta.url))

/** The address of the gateway in the namespace. It is from the block for documentation, so it is not loopback. */
export const gateway = '192.0.2.1'

/** The traffic in a namespace since it was created. */
export interface Traffic {
  /** The number of packets over loopback. */
  loopbackPackets: number
  /** The number of connections and packets without a route, including DNS lookups. */
  withoutRoute: number
}

export interface Ran {
  exitCode: number | undefined
  stdout: string
  stderr: string
  /** stdout and stderr, interleaved. */
  all: string
  seconds: number
}

export interface Namespace extends AsyncDisposable {
  /** The port of the relay at the gateway, or 0 if there is none. */
  port: number
  /** Runs a program in the namespace with exactly the given environment. Never rejects. */
  run(command: readonly string[], options: RunOptions): Promise<Ran>
  /** The words to put before a command so that it runs in the namespace. */
  enter: readonly string[]
  traffic(): Traffic
}

/** The time limit of programs. It is shorter than that of tests, so that a failure shows their output. */
const runMs = 500_000

export interface RunOptions {
  cwd: string
  env: NodeJS.ProcessEnv
}

/**
 * Creates a network without a route to the outside.
 *
 * @param socket a Unix socket outside that a port of the gateway is forwarded to.
 * @throws Error if the system does not allow this user to create network namespaces.
 */
export async function createNamespace(socket?: string): Promise<Namespace> {
  const ip = programOf('ip')
  const root = process.getuid?.() === 0
  const flags = root ? ['--net'] : ['--user', '--map-root-user', '--net']
  const stay = socket === undefined ? 'echo 0; exec cat' : 'exec "$@"'
  const ready = `${ip} link set lo up && ${ip} address add ${gateway}/32 dev lo && ${stay}`
  const holder = execa(
    programOf('unshare'),
    [
      ...flags,
      'sh',
      '-c',
      ready,
      'sh',
      ...(socket === undefined ? [] : [process.execPath, tsx, relay, gateway, socket]),
    ],
    { stdin: 'pipe', reject: false, buffer: false },
  )
  const lines = createInterface({ input: holder.stdout })
  const first = await Promise.race([once(lines, 'line'), holder])
  if (!Array.isArray(first)) {
    throw new Error(
      'This test creates network namespaces (unshare --net). Run it as root, or allow user namespaces' +
        ' (sysctl kernel.apparmor_restrict_unprivileged_userns=0).',
    )
  }
  const files = `/proc/${holder.pid}/net`
  const enter = [
    programOf('nsenter'),
    `--target=${holder.pid}`,
    ...(root ? [] : ['--user', '--preserve-credentials']),
    '--net',
    '--',
  ]
  return {
    port: Number(first[0]),
    enter,
    run: async (command, { cwd, env }) => {
      const started = performance.now()
      const [program = '', ...rest] = [...enter, ...command]
      const ended = await execa(program, rest, {
        cwd,
        env,
        extendEnv: false,
        reject: false,
        all: true,
        stdin: 'ignore',
        timeout: runMs,
      })
      const { exitCode, stdout, stderr, all } = ended
      if (ended.code === 'ENOENT') throw ended
      return { exitCode, stdout, stderr, all, seconds: (performance.now() - started) / 1000 }
    },
    traffic: () => ({
      loopbackPackets: loopbackPackets(readFileSync(`${files}/dev`, 'utf8')),
      withoutRoute: withoutRoute(
        readFileSync(`${files}/snmp`, 'utf8'),
        readFileSync(`${files}/snmp6`, 'utf8'),
      ),
    }),
    [Symbol.asyncDispose]: async () => {
      holder.kill()
      await holder
    },
  }
}

function loopbackPackets(devices: string): number {
  const row = /^ *lo:(.*)$/m.exec(devices)?.[1]?.trim().split(/ +/)
  return counted(row?.[9])
}

/** Returns the sum of the counters of packets without a route, for IPv4 and IPv6. */
function withoutRoute(version4: string, version6: string): number {
  const [names = [], values = []] = Array.from(version4.matchAll(/^Ip: (.*)$/gm), ([, row = '']) =>
    row.split(' '),
  )
  return (
    counted(values[names.indexOf('OutNoRoutes')]) + counted(/^Ip6OutNoRoutes\s+(\d+)$/m.exec(version6)?.[1])
  )
}

function counted(text: string | undefined): number {
  if (text === undefined) throw new Error('The kernel does not have this counter.')
  return Number(text)
}
