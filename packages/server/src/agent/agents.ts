import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mirrorConfigFolder, writeOnce, writeVariables } from './config-files.ts'

/** The server that an agent uses. */
export interface AgentConnection {
  /** The address of the server, such as `http://127.0.0.1:8000`. */
  url: string
  model: string
  /** The context length of the model in tokens, if the server knows it. */
  contextTokens: number | undefined
  /** The API key. Agents need one, so it is `none` for a server without keys. */
  key: string
}

/** How an agent is started. */
export interface AgentStart {
  /** The arguments before those of the user. */
  arguments: readonly string[]
  /** Variables to set, or to remove if undefined. */
  environment: NodeJS.ProcessEnv
}

/** A coding agent that can use the server. */
export interface Agent {
  /** The name of its program. */
  program: string
  title: string
  /** The npm package of the program, if it has one. */
  npmPackage?: string
  install: string
  /** Whether it calls tools. aider reads the changes from the text of the answer. */
  usesTools: boolean
  /**
   * Returns how to start it. Settings are variables and arguments, so the user's own configuration is neither read nor changed.
   *
   * @param folder an existing folder for the agent's configuration and sessions.
   */
  start(connection: AgentConnection, folder: string): AgentStart
}

const npmAgent = (npmPackage: string) => ({
  npmPackage,
  install: `npm install -g ${npmPackage}`,
  usesTools: true,
})

/** The agents by name, as `mlx-app-server agent` takes them. */
export const agents: Readonly<Record<string, Agent>> = {
  claude: {
    program: 'claude',
    title: 'Claude Code',
    ...npmAgent('@anthropic-ai/claude-code'),
    start: claude,
  },
  codex: { program: 'codex', title: 'Codex', ...npmAgent('@openai/codex'), start: codex },
  opencode: { program: 'opencode', title: 'opencode', ...npmAgent('opencode-ai'), start: opencode },
  aider: {
    program: 'aider',
    title: 'aider',
    install: 'uv tool install --python 3.12 aider-chat',
    usesTools: false,
    start: aider,
  },
  qwen: { program: 'qwen', title: 'Qwen Code', ...npmAgent('@qwen-code/qwen-code'), start: qwen },
}

/** The largest answer that agents request: a quarter of the context, so that the conversation has the rest. */
function outputTokens(contextTokens: number): number {
  return Math.min(32_000, Math.floor(contextTokens / 4))
}

/** https://code.claude.com/docs/en/llm-gateway and https://code.claude.com/docs/en/settings */
function claude({ url, model, contextTokens, key }: AgentConnection, folder: string): AgentStart {
  // Without it, Claude Code first asks for a theme and an account.
  writeOnce(join(folder, '.claude.json'), { hasCompletedOnboarding: true })
  const limits: NodeJS.ProcessEnv =
    contextTokens === undefined
      ? {}
      : {
          CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(contextTokens),
          CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(outputTokens(contextTokens)),
        }
  return {
    arguments: [],
    environment: {
      CLAUDE_CONFIG_DIR: folder,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_API_KEY: undefined,
      ANTHROPIC_MODEL: model,
      ANTHROPIC_SMALL_FAST_MODEL: model,
      ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
      ANTHROPIC_DEFAULT_SONNET_MODEL: model,
      ANTHROPIC_DEFAULT_OPUS_MODEL: model,
      CLAUDE_CODE_SUBAGENT_MODEL: model,
      CLAUDE_CODE_USE_BEDROCK: undefined,
      CLAUDE_CODE_USE_VERTEX: undefined,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...limits,
    },
  }
}

/** https://developers.openai.com/codex/config-reference */
function codex({ url, model, contextTokens, key }: AgentConnection, folder: string): AgentStart {
  const settings: Record<string, string | number | boolean> = {
    model,
    model_provider: 'mlx',
    'model_providers.mlx.name': 'MLX',
    'model_providers.mlx.base_url': `${url}/v1`,
    'model_providers.mlx.wire_api': 'responses',
    'model_providers.mlx.env_key': 'MLX_API_KEY',
    check_for_update_on_startup: false,
    'analytics.enabled': false,
    // They would be looked for at GitHub and ChatGPT at each start.
    'features.plugins': false,
    ...(contextTokens === undefined ? {} : { model_context_window: contextTokens }),
  }
  return {
    // A string in JSON is one in TOML too.
    arguments: Object.entries(settings).flatMap(([name, value]) => [
      '-c',
      `${name}=${JSON.stringify(value)}`,
    ]),
    environment: { CODEX_HOME: folder, MLX_API_KEY: key },
  }
}

/** https://opencode.ai/docs/providers and https://opencode.ai/docs/cli */
function opencode({ url, model, contextTokens, key }: AgentConnection, folder: string): AgentStart {
  const limit =
    contextTokens === undefined
      ? {}
      : { limit: { context: contextTokens, output: outputTokens(contextTokens) } }
  const config = {
    model: `mlx/${model}`,
    small_model: `mlx/${model}`,
    enabled_providers: ['mlx'],
    autoupdate: false,
    share: 'disabled',
    provider: {
      mlx: {
        npm: '@ai-sdk/openai-compatible',
        name: 'MLX',
        options: { baseURL: `${url}/v1`, apiKey: key },
        models: { [model]: { name: model, ...limit } },
      },
    },
  }
  return {
    arguments: [],
    environment: {
      // opencode adds lines to the user's opencode.json.
      XDG_CONFIG_HOME: mirrorConfigFolder(folder, 'opencode'),
      OPENCODE_CONFIG: undefined,
      OPENCODE_CONFIG_DIR: undefined,
      OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    },
  }
}

/** https://aider.chat/docs/config/options.html */
function aider({ url, model, contextTokens, key }: AgentConnection, folder: string): AgentStart {
  const name = `openai/${model}`
  const metadata = join(folder, 'models.json')
  // With this file, aider doesn't look for that of the user.
  const config = join(folder, 'aider.conf.yml')
  writeFileSync(config, '{}\n')
  const limits =
    contextTokens === undefined
      ? {}
      : { max_input_tokens: contextTokens, max_output_tokens: outputTokens(contextTokens) }
  const costs = { input_cost_per_token: 0, output_cost_per_token: 0 }
  const entry = { litellm_provider: 'openai', mode: 'chat', ...costs, ...limits }
  writeFileSync(metadata, JSON.stringify({ [name]: entry }))
  const models = ['--model', name, '--weak-model', name, '--editor-model', name]
  const base = `${url}/v1`
  const variables = {
    // LiteLLM prefers the first to the second, and aider's own override both.
    OPENAI_BASE_URL: base,
    OPENAI_API_BASE: base,
    AIDER_OPENAI_API_BASE: base,
    OPENAI_API_KEY: key,
    AIDER_OPENAI_API_KEY: key,
    AIDER_ANALYTICS: 'false',
    AIDER_CHECK_UPDATE: 'false',
    // Otherwise it downloads a list of prices.
    LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  }
  // aider replaces variables with those of .env in the repository and the user's home, and reads this file last.
  const environmentFile = join(folder, '.env')
  writeVariables(environmentFile, variables)
  return {
    arguments: [
      ...['--config', config, '--env-file', environmentFile],
      ...[...models, '--model-metadata-file', metadata, '--no-show-model-warnings'],
      ...['--input-history-file', join(folder, 'input.history')],
      ...['--chat-history-file', join(folder, 'chat.history.md')],
    ],
    environment: variables,
  }
}

/** https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/ */
function qwen({ url, model, contextTokens, key }: AgentConnection, folder: string): AgentStart {
  const limits = contextTokens === undefined ? {} : { contextWindowSize: contextTokens }
  // It warns if its folder has no settings.
  writeFileSync(
    join(folder, 'settings.json'),
    JSON.stringify({
      model: { generationConfig: limits },
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
    }),
  )
  return {
    arguments: ['--auth-type', 'openai', '--model', model],
    environment: {
      QWEN_HOME: folder,
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: key,
      OPENAI_MODEL: model,
    },
  }
}
