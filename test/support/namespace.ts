/**
 * A network of a test's own: a namespace of Linux in which there is loopback, and nothing else unless the test passes
 * something on into it. The kernel counts what was tried there, so that nothing goes by unseen.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { program as programOf } from './programs/find.ts'
import { tsx } from './setup-project.ts'

const relay = fileURLToPath(new URL('relay.ts', import.meta.url))

/** The address in the namespace at which a test's proxy is found: of the block for documentation, and not loopback. */
export const gateway = '192.0.2.1'

/** What programs in the namespace tried, since it was made. */
export interface Traffic {
  /** Packets from one program to another over loopback. */
  loopbackPackets: number
  /** Connections and packets, lookups of names among them, for which there was no way out. */
  withoutRoute: number
}

export interface Ran {
  exitCode: number | undefined
  stdout: string
  stderr: string
  /** Both, in the order in which they came. */
  all: string
  seconds: number
}

export interface Namespace extends AsyncDisposable {
  /** Port of the relay at the gateway; 0 where there is none. */
  port: number
  /** Runs a program in it, with nothing in its environment but what is given. Never rejects. */
  run(command: readonly string[], options: RunOptions): Promise<Ran>
  /** The words that make a command run in it. */
  enter: readonly string[]
  traffic(): Traffic
}

/** A program that runs longer is ended before its test is, so that what it printed is seen. */
const runMs = 500_000

export interface RunOptions {
  cwd: string
  env: NodeJS.ProcessEnv
}

/**
 * Makes a network without a way out.
 *
 * @param socket a Unix socket outside, which the gateway's port leads to: the one way out.
 * @throws Error where the system lets this user make none.
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
      'This test makes networks of its own (unshare --net): run it as root, or allow user namespaces' +
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

/** IPv4's and IPv6's counters of what had nowhere to go. */
function withoutRoute(version4: string, version6: string): number {
  const [names = [], values = []] = Array.from(version4.matchAll(/^Ip: (.*)$/gm), ([, row = '']) =>
    row.split(' '),
  )
  return (
    counted(values[names.indexOf('OutNoRoutes')]) + counted(/^Ip6OutNoRoutes\s+(\d+)$/m.exec(version6)?.[1])
  )
}

function counted(text: string | undefined): number {
  if (text === undefined) throw new Error('The kernel has no such counter.')
  return Number(text)
}
