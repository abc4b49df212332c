// The Model Context Protocol (https://modelcontextprotocol.io/specification/2025-06-18), spoken over any transport: tools that are commands of
// whyslow, and as resources the documents that they wrote.
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  RootsListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { createCalls, JSON_TYPE, resourceOf } from './calls.ts'
import { createFolders } from './folders.ts'
import { createKeptDocuments } from './kept-documents.ts'
import { SHORT_SCHEMA } from './short-document.ts'
import type { RunCommand, Tool } from './tool.ts'

export interface ServerSetup {
  readonly version: string
  readonly tools: readonly Tool[]
  readonly run: RunCommand
  /** How to use the tools together, for the agent. */
  readonly instructions: string
  readonly cwd: string
  /** Folders that the user confines the client to; none: its roots are all that counts. */
  readonly named: readonly string[]
  /** Standard error: a line without its end. */
  readonly say: (line: string) => void
}

export interface McpServer {
  readonly server: Server
  /** Ends what runs and waits; resolves when it is gone. */
  end(): Promise<void>
}

/** The protocol's code for a resource that does not exist. */
const NO_RESOURCE = -32002

/** Throws InputError if a named folder does not exist. */
export function createMcpServer({ version, tools, run, instructions, cwd, named, say }: ServerSetup): McpServer {
  const capabilities = { tools: {}, resources: { listChanged: true } }
  const server = new Server({ name: 'whyslow', title: 'whyslow', version }, { capabilities, instructions })
  const askClient = async () =>
    server.getClientCapabilities()?.roots === undefined ? null : (await server.listRoots()).roots.map(({ uri }) => uri)
  const folders = createFolders({ cwd, named, askClient, say })
  const kept = createKeptDocuments(() => void server.sendResourceListChanged().catch(() => {}))
  const calls = createCalls({ run, folders, kept })

  server.setNotificationHandler(RootsListChangedNotificationSchema, () => folders.forget())
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(listed) }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal, sendNotification }) => {
    const tool = tools.find(({ name }) => name === params.name)
    if (tool === undefined) {
      const names = tools.map(({ name }) => name).join(', ')
      throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}; there are ${names}`)
    }
    const progressToken = params._meta?.progressToken
    let progress = 0
    const notify = (message: string) => {
      if (progressToken === undefined || signal.aborted) return
      // The protocol wants a number that grows; how much work there is nobody knows before it is done.
      const given = { progressToken, progress: ++progress, message }
      void sendNotification({ method: 'notifications/progress', params: given }).catch(() => {})
    }
    return calls.make({ tool, given: params.arguments ?? {}, signal, notify })
  })
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: kept.list().map(resourceOf) }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const found = kept.find(uri)
    if (found === undefined) throw new McpError(NO_RESOURCE, `${uri}: this session has no such document`)
    return { contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(found.document) }] }
  })
  return { server, end: calls.end }
}

const listed = ({ name, title, description, inputSchema, isReadOnly }: Tool) => ({
  name,
  title,
  description,
  inputSchema,
  outputSchema: SHORT_SCHEMA as { readonly type: 'object' },
  annotations: { title, readOnlyHint: isReadOnly, destructiveHint: false, idempotentHint: isReadOnly, openWorldHint: false },
})
