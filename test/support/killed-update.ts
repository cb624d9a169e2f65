/**
 * Ends a Node process as `kill -9` does, before the change of an AppImage that KILLED_AT numbers. A copy that is killed is half
 * done. The process loads this file with `--import`, and prints the number of changes when it exits by itself.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { chmodSync, copyFileSync, fsyncSync, renameSync, rmSync, unlinkSync, writeFileSync } = fs
let changes = 0

/** Counts a change, and ends the process if it is the one. */
function count(path: fs.PathLike | number, half: () => void = () => undefined): void {
  if (typeof path !== 'number' && !String(path).includes('.AppImage')) return
  changes += 1
  if (changes !== Number(process.env.KILLED_AT)) return
  half()
  process.kill(process.pid, 'SIGKILL')
}

Object.assign(fs, {
  copyFileSync(from: string, to: string, mode?: number) {
    count(to, () => writeFileSync(to, fs.readFileSync(from).subarray(0, 10)))
    copyFileSync(from, to, mode)
  },
  chmodSync(path: string, mode: number) {
    count(path)
    chmodSync(path, mode)
  },
  fsyncSync(file: number) {
    count(file)
    fsyncSync(file)
  },
  renameSync(from: string, to: string) {
    count(to)
    renameSync(from, to)
  },
  rmSync(path: string, options: fs.RmOptions) {
    count(path)
    rmSync(path, options)
  },
  unlinkSync(path: string) {
    count(path)
    unlinkSync(path)
  },
})
syncBuiltinESMExports()
process.on('exit', () => console.log(`${changes} changes`))
