import { type FormEvent, type Ref, useRef, useState } from 'react'
import { errorMessage } from '../format.ts'
import { filterImages, maxImages, readImage } from '../images.ts'
import { Icon } from './icon.tsx'
import { IconButton } from './icon-button.tsx'
import { TextArea } from './text-area.tsx'

/** The form to write a message. */
export function Composer({
  form,
  acceptsImages,
  ready,
  answering,
  onSend,
  onStop,
}: {
  form: Ref<HTMLFormElement>
  /** Whether the model accepts images. */
  acceptsImages: boolean
  ready: boolean
  answering: boolean
  onSend: (text: string, images: readonly string[]) => void
  onStop: () => void
}) {
  const [text, setText] = useState('')
  const [images, setImages] = useState<readonly string[]>([])
  const [problem, setProblem] = useState('')
  const files = useRef<HTMLInputElement>(null)
  const empty = text.trim() === '' && images.length === 0

  const attach = async (list: FileList | undefined | null) => {
    const found = filterImages(list)
    if (found.length === 0) return
    setProblem(acceptsImages ? '' : 'This model does not accept images.')
    if (!acceptsImages) return
    try {
      const read = await Promise.all(found.slice(0, maxImages).map(readImage))
      setImages((present) => [...present, ...read].slice(0, maxImages))
    } catch (error) {
      setProblem(errorMessage(error))
    }
  }

  const send = (event: FormEvent) => {
    event.preventDefault()
    if (empty || !ready || answering) return
    onSend(text, acceptsImages ? images : [])
    setText('')
    setImages([])
    setProblem('')
  }

  return (
    <form
      ref={form}
      className="composer column"
      onSubmit={send}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        void attach(event.dataTransfer.files)
      }}
    >
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="field">
        {images.length > 0 && (
          <ul className="attachments">
            {images.map((image, index) => (
              <li key={image}>
                <img src={image} alt={`Attachment ${index + 1}`} />
                <IconButton
                  icon="close"
                  label={`Remove attachment ${index + 1}`}
                  onClick={() => setImages(images.filter((other) => other !== image))}
                />
              </li>
            ))}
          </ul>
        )}
        <TextArea
          label="Message"
          placeholder="Ask anything"
          value={text}
          onChange={setText}
          onPaste={(event) => void attach(event.clipboardData.files)}
          focused
        />
        <div className="field-actions">
          {acceptsImages && (
            <>
              <IconButton icon="image" label="Attach images" onClick={() => files.current?.click()} />
              <input
                ref={files}
                type="file"
                accept="image/*"
                multiple
                hidden
                onChange={(event) => {
                  void attach(event.target.files)
                  event.target.value = ''
                }}
              />
            </>
          )}
          {answering ? (
            <IconButton icon="stop" label="Stop (Escape)" className="icon-button send" onClick={onStop} />
          ) : (
            <button
              type="submit"
              className="icon-button send"
              aria-label="Send"
              title="Send (Enter)"
              disabled={empty || !ready}
            >
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
    </form>
  )
}
