import { formatCount, formatProgress } from '../format.ts'
import { useServices } from '../services.ts'
import { useObservable } from '../state/observable.ts'
import type { Server } from '../state/server-monitor.ts'
import type { LoadProgress } from '../transport/transport.ts'

/** Notices: the server is not ready, a model is loading, or conversations are not saved. */
export function Notices() {
  const services = useServices()
  const server = useObservable(services.server)
  const { problem, unreadable } = useObservable(services.library)
  const { loading } = server
  const state = loading ? undefined : describeState(server)
  const isStarting = !loading && (server.state === 'starting' || server.state === 'loading')
  const progress = loading ? loading.progress : isStarting ? server.progress : undefined
  const canStop = isStarting && services.server.controlsStart
  const canRetry = !loading && server.startFailed === true && services.server.controlsStart
  return (
    <div className="notices column">
      <div role="status">
        {state !== undefined && <p className="notice">{state}</p>}
        {loading && <p className="notice">Loading {loading.model}</p>}
      </div>
      {(progress || loading || canStop || canRetry) && (
        <div className="load">
          {progress && <Progress progress={progress} />}
          {loading && (
            <button type="button" onClick={() => services.server.cancelLoad()}>
              Cancel
            </button>
          )}
          {canStop && (
            <button type="button" onClick={() => services.server.stopStart()}>
              Stop
            </button>
          )}
          {canRetry && (
            <button type="button" onClick={() => services.server.retryStart()}>
              Try again
            </button>
          )}
        </div>
      )}
      <div role="alert">
        {server.loadProblem !== undefined && <p className="notice problem">{server.loadProblem}</p>}
        {problem !== undefined && <p className="notice problem">{problem}</p>}
        {unreadable.length > 0 && (
          <p className="notice problem">
            {formatCount(unreadable.length, 'conversation')} cannot be read. You can export or delete
            unreadable conversations in Settings.
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

/** Describes the state, with the server's message if it has one. */
function describeState({ state, message }: Server): string | undefined {
  switch (state) {
    case 'starting':
    case 'loading':
      return message ?? 'The model is being loaded.'
    case 'stalled':
      return message ?? 'The model has work, but makes no progress.'
    case 'restarting':
      return message ?? 'The model process stopped and is being restarted.'
    case 'failed':
      return message ?? 'The model could not be started.'
    case 'stopping':
      return message ?? 'The server is shutting down.'
    case 'unreachable':
      return `${message ?? 'The server cannot be reached.'} Trying again…`
    default:
      return undefined
  }
}
