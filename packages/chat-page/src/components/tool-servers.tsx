import { useEffect, useId } from 'react'
import { useServices } from '../services.ts'
import { useObservable } from '../state/observable.ts'
import type { McpServer } from '../transport/transport.ts'

/** The MCP servers, to select those whose tools the model can call. By default, none is selected. */
export function ToolServers() {
  const { settings, tools } = useServices()
  const { mcpServers: chosen = [] } = useObservable(settings)
  const { servers, problem } = useObservable(tools)
  useEffect(() => void tools.check(), [tools])

  // Show selected servers that no longer exist, because the server rejects messages that name them.
  const gone = servers ? chosen.filter((name) => !servers.some((server) => server.name === name)) : []
  const listed = [...(servers ?? []), ...gone.map(unavailableServer)]
  if (listed.length === 0 && problem === undefined) return null
  const choose = (name: string, ticked: boolean) => {
    const others = chosen.filter((other) => other !== name)
    settings.change({ mcpServers: ticked ? [...others, name] : others })
  }
  return (
    <fieldset className="tools">
      <legend>Tools</legend>
      <p className="hint">The model can call the tools of the servers that you select.</p>
      {problem !== undefined && (
        <p className="hint wrong" role="alert">
          The tools could not be listed. {problem}
        </p>
      )}
      {listed.map((server) => (
        <ServerField
          key={server.name}
          server={server}
          ticked={chosen.includes(server.name)}
          onTick={(ticked) => choose(server.name, ticked)}
        />
      ))}
    </fieldset>
  )
}

function unavailableServer(name: string): McpServer {
  return { name, tools: [], problem: 'This server no longer exists.' }
}

function ServerField({
  server: { name, tools, problem },
  ticked,
  onTick,
}: {
  server: McpServer
  ticked: boolean
  onTick: (ticked: boolean) => void
}) {
  const describedBy = useId()
  return (
    <div className="tool-server">
      <label>
        <input
          type="checkbox"
          checked={ticked}
          aria-describedby={describedBy}
          onChange={(event) => onTick(event.target.checked)}
        />
        {name}
      </label>
      <div id={describedBy}>
        {problem !== undefined && <p className="hint wrong">{problem}</p>}
        <ul>
          {tools.map((tool) => (
            <li key={tool.name}>
              <code>{tool.name}</code> {tool.description}
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}
