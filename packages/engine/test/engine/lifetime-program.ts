/** Run by lifetime.test.ts: gets the engine into a state, prints the worker's process id, and stays there. */
import { createEngine } from '../../src/engine/index.ts'
import { Supervisor } from '../../src/engine/local/supervisor.ts'
import { workerLaunch } from '../../src/engine/local/worker-launch.ts'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { ask, makeEndlessModel, story } from './support.ts'

const scene = process.argv[2] ?? ''

if (scene === 'starting') {
  const project = findProject(import.meta.dirname)
  const launch = workerLaunch(project, findInterpreter(project), { device: 'cpu' })
  const supervisor = new Supervisor({
    ...launch,
    onLog: () => undefined,
    onCrash: () => undefined,
    onStall: () => undefined,
  })
  const ready = supervisor.start()
  console.log(supervisor.pid)
  await ready
  setInterval(() => undefined, 1000)
} else {
  const engine = await createEngine({ device: 'cpu' })
  const { pid } = await engine.status()
  const stay = () => setInterval(() => undefined, 1000)
  switch (scene) {
    case 'idle':
      console.log(pid)
      stay()
      break
    case 'loading': {
      const endless = makeEndlessModel(process.argv[3] ?? '')
      void engine.loadModel({ model: endless.path })
      await endless.opened()
      console.log(pid)
      stay()
      break
    }
    case 'prefilling':
      void engine.complete({ prompt: 'hello '.repeat(8_000) })
      console.log(pid)
      stay()
      break
    case 'streaming':
      for await (const _ of engine.generate({ ...ask(story), stop: 'never' })) {
        console.log(pid)
        await new Promise(stay)
      }
      break
    case 'forgotten':
      await engine.loadModel()
      console.log(pid)
      break
    case 'unawaited':
      console.log(pid)
      void engine.complete(ask(story)).then(() => console.log('finished'))
      break
    default:
      throw new Error(`no scene ${scene}`)
  }
}
