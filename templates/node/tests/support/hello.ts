/** Answers that the hello model gives word for word at temperature 0. */
export const answers: ReadonlyMap<string, string> = new Map([
  ['Who are you?', 'I am hello, a very tiny model: two layers that know a few answers by heart.'],
  [
    'What is MLX?',
    'MLX is an array framework for machine learning, made for Apple silicon. It runs on Linux too.',
  ],
  ['Count to ten.', 'one two three four five six seven eight nine ten'],
  ['Say hello.', 'Hello from a real MLX model!'],
  ['Say hello in five languages.', 'Hello, Grüezi, Привет, こんにちは, مرحبا 👋🏽🌍'],
  ['What comes next?', 'Choose a bigger model, and ask it anything.'],
])

/** Returns the answer to a question. @throws Error if the question is not listed here. */
export function answerTo(question: string): string {
  const answer = answers.get(question)
  if (answer === undefined) throw new Error(`There is no known answer to "${question}".`)
  return answer
}
