const questions = ['Who are you?', 'What can you do?', 'Show me some code.', 'Tell me a story.']

/** Suggestions for a new conversation. */
export function Welcome({ ready, onAsk }: { ready: boolean; onAsk: (question: string) => void }) {
  return (
    <div className="welcome column">
      <h2>What would you like to know?</h2>
      <ul>
        {questions.map((question) => (
          <li key={question}>
            <button type="button" disabled={!ready} onClick={() => onAsk(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
