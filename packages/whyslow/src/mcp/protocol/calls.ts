// Calls of tools: from arguments to a command line, one command at a time, and from its end to what the client gets.
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { InputError } from '@whyslow/graph/input-error.ts'
import { makeTemporaryFolder } from '@whyslow/measure/machine/files.ts'
import type { Folders } from './folders.ts'
import { type KeptDocument, type KeptDocuments, SCHEME } from './kept-documents.ts'
import { createQueue } from './queue.ts'
import { shortDocument } from './short-document.ts'
import type { CommandEnd, ResolvePath, RunCommand, Tool } from './tool.ts'

export interface CallsSetup {
  readonly run: RunCommand
  readonly folders: Folders
  readonly kept: KeptDocuments
}

export interface Call {
  readonly tool: Tool
  readonly given: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
  /** Progress in words. */
  readonly notify: (message: string) => void
}

export interface Calls {
  /** Runs the tool when it is its turn. Rejects only with what is a bug. */
  make(call: Call): Promise<CallToolResult>
  /** Ends what runs and waits; resolves when it is gone. */
  end(): Promise<void>
}

const CANCELLED = 'the call was cancelled'

export function createCalls({ run, folders, kept }: CallsSetup): Calls {
  const queue = createQueue()
  const ending = new AbortController()
  let temporary: string | undefined

  /** A kept document as a file, for the command that compares with it. */
  const fileOf = (uri: string): string => {
    const found = kept.find(uri)
    if (found === undefined) throw new InputError(`${uri}: this session has no such document; measure again, or give a file`)
    temporary ??= makeTemporaryFolder('whyslow-mcp-')
    const file = path.join(temporary, `${path.posix.basename(uri)}.json`)
    writeFileSync(file, JSON.stringify(found.document))
    return file
  }

  const answer = ({ text, line, document }: CommandEnd): CallToolResult => {
    if (document === null) return failure(line ?? 'the command ended without an answer')
    const one = kept.keep(document)
    // A goal that is missed is an answer; the line says by how much.
    const words = [text.trim(), ...(line === null ? [] : [line]), `The whole document: ${one.uri}`]
    return {
      content: [
        { type: 'text', text: words.join('\n\n') },
        { type: 'resource_link', ...resourceOf(one) },
      ],
      structuredContent: shortDocument(document, one.uri),
    }
  }

  return {
    async make({ tool, given, signal: cancelled, notify }) {
      const signal = AbortSignal.any([cancelled, ending.signal])
      try {
        const inFolders = await folders.resolver()
        const resolve: ResolvePath = (at, use) => (use === 'input' && at.startsWith(SCHEME) ? fileOf(at) : inFolders(at, use))
        const typed = tool.words(given, resolve)
        if (!typed.ok) return failure(typed.line)
        const onWait = () => notify('waiting: another measurement of this session runs')
        const ended = await queue.run(() => run(typed.words, { signal, onProgress: notify }), { signal, onWait })
        return signal.aborted ? failure(CANCELLED) : answer(ended)
      } catch (error) {
        if (error instanceof InputError) return failure(error.message)
        if (signal.aborted) return failure(CANCELLED)
        throw error
      }
    },
    async end() {
      ending.abort()
      await queue.idle()
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
    },
  }
}

const failure = (line: string): CallToolResult => ({ content: [{ type: 'text', text: line }], isError: true })

export const JSON_TYPE = 'application/json'

/** A kept document as the protocol lists it. */
export const resourceOf = ({ uri, about }: KeptDocument) => ({
  uri,
  name: `report-${uri.slice(SCHEME.length)}`,
  description: about,
  mimeType: JSON_TYPE,
})
