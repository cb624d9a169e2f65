import { useCallback, useEffect, useRef, useState } from 'react'
import { setHash, useHash, useMedia } from '../browser.ts'
import { useServices } from '../services.ts'
import {
  type Conversation,
  createUserTurn,
  startConversation,
  truncateBefore,
  type UserTurn,
  withTurn,
} from '../state/conversation.ts'
import { useObservable } from '../state/observable.ts'
import { buildRequest } from '../state/request.ts'
import { takesRequests } from '../state/server-monitor.ts'
import { Announcer } from './announcer.tsx'
import { Composer } from './composer.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { Modal } from './modal.tsx'
import { Notices } from './notices.tsx'
import { SettingsDialog } from './settings-dialog.tsx'
import { Sidebar } from './sidebar.tsx'
import { TopBar } from './top-bar.tsx'
import { Transcript } from './transcript.tsx'
import { Welcome } from './welcome.tsx'

/** The chat page. */
export function App() {
  const services = useServices()
  const { library, answers } = services
  const { open, conversations } = useObservable(library)
  const server = useObservable(services.server)
  const settings = useObservable(services.settings)
  const runningAnswers = useObservable(answers)
  const id = useHash()
  const narrow = useMedia('(max-width: 50rem)')
  const [shown, setShown] = useState<'menu' | 'settings'>()
  const form = useRef<HTMLFormElement>(null)

  const conversation = conversations.find((candidate) => candidate.id === id)
  const chosen = server.models.find((candidate) => candidate.id === settings.model)
  const model = chosen?.id ?? server.model ?? server.models[0]?.id
  const current = server.models.find((candidate) => candidate.id === model)
  const acceptsImages = current?.capabilities.includes('images') ?? false
  const answering = runningAnswers.has(id)
  const ready = takesRequests(server.state) && server.loading === undefined

  const focus = useCallback(() => form.current?.querySelector('textarea')?.focus(), [])

  const ask = useCallback(
    (asked: Conversation) => {
      library.put(asked)
      void answers.ask(asked.id, buildRequest(asked, services.settings.get(), model, acceptsImages))
      setHash(asked.id)
      focus()
    },
    [library, answers, services, model, acceptsImages, focus],
  )

  const send = (text: string, images: readonly string[]) => {
    const turn = createUserTurn(text, images)
    ask(conversation ? withTurn(conversation, turn) : startConversation(turn))
  }

  const retry = useCallback(() => {
    const last = library.find(id)
    const answer = last?.turns.at(-1)
    if (last && answer) ask(truncateBefore(last, answer.id))
  }, [library, id, ask])

  const edit = useCallback(
    (turn: UserTurn, text: string) => {
      const present = library.find(id)
      if (present) ask(withTurn(truncateBefore(present, turn.id), createUserTurn(text, turn.images)))
    },
    [library, id, ask],
  )

  const stop = useCallback(() => {
    answers.stop(id)
    focus()
  }, [answers, id, focus])

  useEffect(() => {
    const pressed = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') stop()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [stop])

  useEffect(() => {
    document.title = conversation ? `${conversation.title} – Chat` : 'Chat'
  }, [conversation])

  useEffect(() => {
    const returned = () => {
      if (document.visibilityState === 'visible') void services.server.check()
    }
    addEventListener('visibilitychange', returned)
    return () => removeEventListener('visibilitychange', returned)
  }, [services])

  const openFromList = (next: string) => {
    setHash(next)
    setShown(undefined)
    // On small screens, the focus would open the keyboard.
    if (!narrow) focus()
  }

  return (
    <div className="app">
      {!narrow && <Sidebar current={id} onOpen={openFromList} />}
      <main>
        <TopBar
          models={server.models}
          // No model is in memory then, also if the user has chosen one before.
          model={server.startFailed ? undefined : model}
          onMenu={narrow ? () => setShown('menu') : undefined}
          onSettings={() => setShown('settings')}
        />
        <Notices />
        {open && conversation && <Transcript conversation={conversation} onRetry={retry} onEdit={edit} />}
        {open && !conversation && <Welcome ready={ready} onAsk={(question) => send(question, [])} />}
        <Composer
          form={form}
          acceptsImages={acceptsImages}
          ready={ready && open}
          answering={answering}
          onSend={send}
          onStop={stop}
        />
      </main>
      <Announcer key={id} conversation={conversation} />
      {shown === 'menu' && narrow && (
        <Modal title="Conversations" className="menu" onClose={() => setShown(undefined)}>
          <Sidebar current={id} onOpen={openFromList} />
        </Modal>
      )}
      {shown === 'settings' && (
        <SettingsDialog defaults={current?.defaults} onClose={() => setShown(undefined)} />
      )}
      {server.key && <KeyDialog reason={server.key} />}
    </div>
  )
}
