/** Questions that the hello model knows the answers to by heart: at temperature 0 it gives them word for word. */
const answers = {
  'Who are you?': 'I am hello, a very tiny model: two layers that know a few answers by heart.',
  'What is MLX?':
    'MLX is an array framework for machine learning, made for Apple silicon. It runs on Linux too.',
  'Count to ten.': 'one two three four five six seven eight nine ten',
  'Say hello.': 'Hello from a real MLX model!',
  'Say hello in five languages.': 'Hello, Grüezi, Привет, こんにちは, مرحبا 👋🏽🌍',
  'What comes next?': 'Choose a bigger model, and ask it anything.',
} as const

export type Question = keyof typeof answers

export function answerTo(question: Question): string {
  return answers[question]
}
