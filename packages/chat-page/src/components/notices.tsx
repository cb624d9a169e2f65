import { formatProgress } from '../format.ts'
import { useServices } from '../services.ts'
import { useObservable } from '../state/observable.ts'
import type { Server } from '../state/server-monitor.ts'
import type { LoadProgress } from '../transport/transport.ts'

/** What is out of the ordinary: a server that isn't ready, a model that loads, conversations that aren't kept. */
export function Notices() {
  const services = useServices()
  const server = useObservable(services.server)
  const { problem, unreadable } = useObservable(services.library)
  const { loading } = server
  const state = loading ? undefined : describeState(server)
  const progress = loading ? loading.progress : server.state === 'loading' ? server.progress : undefined
  return (
    <div className="notices column">
      <div role="status">
        {state !== undefined && <p className="notice">{state}</p>}
        {loading && <p className="notice">Loading {loading.model}</p>}
      </div>
      {(progress || loading) && (
        <div className="load">
          {progress && <Progress progress={progress} />}
          {loading && (
            <button type="button" onClick={() => services.server.cancelLoad()}>
              Cancel
            </button>
          )}
        </div>
      )}
      <div role="alert">
        {server.loadProblem !== undefined && <p className="notice problem">{server.loadProblem}</p>}
        {problem !== undefined && <p className="notice problem">{problem}</p>}
        {unreadable.length > 0 && (
          <p className="notice problem">
            {unreadable.length === 1 ? 'A conversation' : `${unreadable.length} conversations`} can not be
            read. Settings lets you save or delete what is there.
          </p>
        )}
      </div>
    </div>
  )
}

function Progress({ progress }: { progress: LoadProgress }) {
  const { loadedBytes, totalBytes } = progress
  return (
    <>
      <progress
        aria-label="Loading the model"
        {...(totalBytes > 0 && { value: loadedBytes / totalBytes, max: 1 })}
      />
      {formatProgress(progress)}
    </>
  )
}

/** The server's own words where it has some. */
function describeState({ state, message }: Server): string | undefined {
  switch (state) {
    case 'starting':
    case 'loading':
      return message ?? 'The model is being loaded.'
    case 'restarting':
      return message ?? 'The model has ended and is being started again.'
    case 'failed':
      return message ?? 'The model can not be started.'
    case 'stopping':
      return message ?? 'The server is shutting down.'
    case 'unreachable':
      return `${message ?? 'The server can not be reached.'} Trying again.`
    default:
      return undefined
  }
}
