/** An endpoint, a body that it takes, and what no body of it may hold. */
export interface PostEndpoint {
  path: string
  good: Record<string, unknown>
  required: readonly string[]
  /** Types that a field may have beside the one that it has in the good body. */
  admits: Record<string, readonly string[]>
  wrong: readonly (readonly [field: string, value: unknown])[]
}

const question = { role: 'user', content: 'Say hello.' }
const schema = { type: 'object', properties: { a: { type: 'string' } } }

const wrongMessages = [
  ['messages', []],
  ['messages', [5]],
  ['messages', [null]],
  ['messages', [[]]],
  ['messages', [{}]],
  ['messages', [{ ...question, role: 'robot' }]],
  ['messages', [{ ...question, role: ['user'] }]],
  ['messages', [{ ...question, content: 5 }]],
  ['messages', [{ ...question, content: { type: 'text', text: 'a' } }]],
  ['messages', [{ ...question, content: [5] }]],
  ['messages', [{ ...question, content: [{ type: 'text' }] }]],
  ['messages', [{ ...question, content: [{ type: 'text', text: 5 }] }]],
  ['messages', [{ ...question, content: [{ type: 'riddle', text: 'a' }] }]],
] as const

const wrongSampling = [
  ['temperature', -0.1],
  ['temperature', 99],
  ['top_p', -1],
  ['top_p', 2],
  ['max_tokens', 0],
  ['max_tokens', -1],
  ['max_tokens', 1.5],
  ['max_tokens', 2 ** 60],
] as const

const wrongOfOpenai = [
  ...wrongSampling,
  ['n', 0],
  ['n', 10_000],
  ['n', 1.5],
  ['seed', 0.5],
  ['stop', [5]],
  ['stop', [null]],
  ['stop', 5],
  ['presence_penalty', 1000],
  ['frequency_penalty', -1000],
  ['logit_bias', { a: 1 }],
  ['logit_bias', { 5: 'x' }],
  ['logit_bias', { 5: 1000 }],
  ['logit_bias', { [String(2n ** 70n)]: 1 }],
  ['logit_bias', { 99999999: 1 }],
  ['logit_bias', [1]],
  ['model', 'nobody'],
  ['model', '/etc/passwd'],
  ['model', '../hello'],
  ['chat_template', '{{ 1 }}'],
] as const

export const endpoints: readonly PostEndpoint[] = [
  {
    path: '/v1/chat/completions',
    good: {
      model: 'hello',
      messages: [question],
      max_tokens: 3,
      temperature: 0,
      top_p: 1,
      n: 1,
      seed: 1,
      stop: ['x'],
      logit_bias: { 5: 1 },
      logprobs: true,
      top_logprobs: 1,
      presence_penalty: 0,
      parallel_tool_calls: true,
      response_format: { type: 'text' },
      stream: false,
    },
    required: ['messages'],
    admits: { stop: ['string'] },
    wrong: [
      ...wrongMessages,
      ...wrongOfOpenai,
      ['tools', [5]],
      ['tools', [{}]],
      ['tools', [{ type: 'function', function: {} }]],
      ['tools', [{ type: 'function', function: { name: 5 } }]],
      ['tools', { type: 'function', function: { name: 'a', parameters: schema } }],
      ['tool_choice', 'perhaps'],
      ['tool_choice', 'required'],
      ['tool_choice', { type: 'function', function: { name: 'nothing' } }],
      ['response_format', { type: 'xml' }],
      ['response_format', { type: 'json_schema' }],
      ['response_format', { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'nothing' } } }],
      ['top_logprobs', 1000],
      ['top_logprobs', -1],
      ['chat_template_kwargs', { chat_template: '{{ 1 }}' }],
      ['chat_template_kwargs', { tokenize: false }],
      [
        'messages',
        [{ ...question, content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }],
      ],
      [
        'messages',
        [{ ...question, content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1:1/' } }] }],
      ],
    ],
  },
  {
    path: '/v1/completions',
    good: { model: 'hello', prompt: 'Hello', max_tokens: 3, temperature: 0, logprobs: 1, echo: false },
    required: ['prompt'],
    admits: { prompt: ['array'] },
    wrong: [
      ...wrongOfOpenai,
      ['prompt', ''],
      ['prompt', []],
      ['prompt', ['']],
      ['prompt', [null]],
      ['prompt', [-1]],
      ['prompt', [1.5]],
      ['prompt', [99_999]],
      ['prompt', [1, 'a']],
      ['logprobs', 1000],
      ['suffix', 'and so on'],
    ],
  },
  {
    path: '/v1/responses',
    good: {
      model: 'hello',
      input: 'Say hello.',
      instructions: 'Be kind.',
      max_output_tokens: 3,
      temperature: 0,
      store: false,
      stream: false,
      metadata: { a: 'b' },
    },
    // The instructions alone are a prompt.
    required: [],
    admits: { input: ['array'] },
    wrong: [
      ['input', [5]],
      ['input', [{}]],
      ['input', [{ role: 'robot', content: 'x' }]],
      ['input', [{ role: 'user', content: [{ type: 'riddle' }] }]],
      ['max_output_tokens', 0],
      ['max_output_tokens', 1.5],
      ['temperature', 99],
      ['tools', [{ type: 'fonction' }]],
      ['tools', [{ type: 'function' }]],
      ['tool_choice', 'perhaps'],
      ['text', { format: { type: 'xml' } }],
      ['previous_response_id', 'resp_of_nobody'],
      ['metadata', { a: 5 }],
      ['model', '/etc/passwd'],
    ],
  },
  {
    path: '/v1/responses/input_tokens',
    good: { model: 'hello', input: 'Say hello.', instructions: 'Be kind.' },
    required: [],
    admits: { input: ['array'] },
    wrong: [
      ['input', [5]],
      ['tools', [{ type: 'custom' }]],
      ['tools', [{ type: 'custom', name: 'a', format: { type: 'grammar', syntax: 'bnf', definition: 'a' } }]],
      ['model', '/etc/passwd'],
    ],
  },
  {
    path: '/v1/messages',
    good: {
      model: 'hello',
      messages: [question],
      max_tokens: 3,
      system: 'Be kind.',
      temperature: 0,
      stop_sequences: ['x'],
      stream: false,
    },
    required: ['messages', 'max_tokens'],
    admits: { system: ['array'] },
    wrong: [
      ...wrongMessages,
      ...wrongSampling,
      ['system', [5]],
      ['stop_sequences', [5]],
      ['stop_sequences', ['']],
      ['tools', [{ name: 5, input_schema: schema }]],
      ['tools', [{ name: 'a' }]],
      ['tool_choice', { type: 'perhaps' }],
      ['thinking', { type: 'enabled', budget_tokens: -1 }],
      ['model', '/etc/passwd'],
    ],
  },
  {
    path: '/v1/messages/count_tokens',
    good: { model: 'hello', messages: [question], system: 'Be kind.' },
    required: ['messages'],
    admits: { system: ['array'] },
    wrong: [...wrongMessages, ['tools', [5]], ['model', '/etc/passwd']],
  },
  {
    // The hello model makes no vectors: every body is answered with a 4xx.
    path: '/v1/embeddings',
    good: { model: 'hello', input: 'Hello', encoding_format: 'float' },
    required: ['input'],
    admits: { input: ['array'] },
    wrong: [
      ['input', []],
      ['input', [5]],
      ['input', ''],
      ['encoding_format', 'hex'],
      ['dimensions', 0],
    ],
  },
  {
    path: '/api/load',
    good: { model: 'hello' },
    required: [],
    admits: {},
    wrong: [
      ['model', 'nobody'],
      ['model', '/etc/passwd'],
    ],
  },
]
