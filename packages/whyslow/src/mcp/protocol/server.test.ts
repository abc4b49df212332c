import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ResourceListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { answered, EXAMPLE_TOOL, exampleClient, textOf } from '../../../test/support/mcp/protocol/example-client.ts'
import type { CommandEnd, RunOptions } from './tool.ts'

const cwd = realpathSync(folderOfTests())
writeFileSync(path.join(cwd, 'm.onnx'), '')
const MODEL = { model: 'm.onnx' }
const DOCUMENT = { schema: 'whyslow-report/2', answer: 'It is slow.', nodes: [1], warnings: [] }

/** Commands that end when the test says so, in the order in which they were started. */
function heldCommands() {
  const held: { readonly options: RunOptions; end(how: CommandEnd): void }[] = []
  return { held, run: (_: unknown, options: RunOptions) => new Promise<CommandEnd>((end) => held.push({ options, end })) }
}

describe('a session', () => {
  test('lists the tools, with hints of what they do', async () => {
    const { client } = await exampleClient({ cwd, tools: [EXAMPLE_TOOL, { ...EXAMPLE_TOOL, name: 'fix', isReadOnly: false }] })
    expect(client.getServerVersion()).toMatchObject({ name: 'whyslow', version: '1.2.3' })
    expect(client.getInstructions()).toBe('measure first')
    const { tools } = await client.listTools()
    expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint, annotations?.openWorldHint])).toEqual([
      ['why', true, false],
      ['fix', false, false],
    ])
    expect(tools[0]).toMatchObject({
      inputSchema: EXAMPLE_TOOL.inputSchema,
      outputSchema: { required: ['schema', 'document', 'leftOut'] },
    })
  })

  test('answers with the text, the deciding part of the document, and a link to all of it', async () => {
    const { call, client, commands } = await exampleClient({ cwd, run: async () => answered(DOCUMENT) })
    await client.listTools()
    const result = await call(MODEL)
    expect(commands).toEqual([['model=m.onnx']])
    expect(textOf(result)).toBe('the answer\n\nThe whole document: whyslow://report/1')
    expect(result.content[1]).toMatchObject({ type: 'resource_link', uri: 'whyslow://report/1', description: 'It is slow.' })
    expect(result.structuredContent).toEqual({
      schema: 'whyslow-report/2',
      answer: 'It is slow.',
      warnings: [],
      document: 'whyslow://report/1',
      leftOut: { nodes: null },
    })
    const { contents } = await client.readResource({ uri: 'whyslow://report/1' })
    expect(JSON.parse((contents[0] as { text: string }).text)).toEqual(DOCUMENT)
  })

  test('lists documents as they come, and knows no others', async () => {
    const { call, client } = await exampleClient({ cwd, run: async () => answered(DOCUMENT) })
    let changes = 0
    client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void changes++)
    expect((await client.listResources()).resources).toEqual([])
    await call(MODEL)
    await call(MODEL)
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(['whyslow://report/1', 'whyslow://report/2'])
    expect(changes).toBe(2)
    await expect(client.readResource({ uri: 'whyslow://report/3' })).rejects.toThrow(/this session has no such document/)
    await expect(client.readResource({ uri: 'file:///etc/passwd' })).rejects.toThrow(/this session has no such document/)
  })

  test('hands a kept document to the command that compares with it, as a file that goes with the session', async () => {
    let file = ''
    const run = async ([word]: readonly string[]) => {
      if (!word!.startsWith('data=')) return answered(DOCUMENT)
      file = word!.slice('data='.length)
      return answered({ schema: 'read', answer: readFileSync(file, 'utf8') })
    }
    const { call, served } = await exampleClient({ cwd, run })
    await call(MODEL)
    const compared = await call({ data: 'whyslow://report/1' })
    expect(compared.structuredContent).toMatchObject({ answer: JSON.stringify(DOCUMENT) })
    expect(textOf(await call({ data: 'whyslow://report/9' }))).toMatch(/this session has no such document; measure again/)
    expect((await call({ out: 'whyslow://report/1' })).isError).toBeUndefined()
    await served.end()
    expect(() => readFileSync(file)).toThrow(/ENOENT/)
  })
})

describe('what goes wrong', () => {
  test('is a result with the line that a user of the command gets', async () => {
    const run = async () => answered(null, { exitCode: 2, text: '', line: 'm.onnx: is not a model; give one' })
    const result = await (await exampleClient({ cwd, run })).call(MODEL)
    expect(result).toEqual({ content: [{ type: 'text', text: 'm.onnx: is not a model; give one' }], isError: true })
  })

  test('a missed goal is an answer, with the line that says so', async () => {
    const run = async () => answered(DOCUMENT, { exitCode: 3, line: '--fail-above 1.1: 2x slower' })
    const result = await (await exampleClient({ cwd, run })).call(MODEL)
    expect(result.isError).toBeUndefined()
    expect(textOf(result)).toContain('--fail-above 1.1: 2x slower')
    expect(result.structuredContent).toMatchObject({ answer: 'It is slow.' })
  })

  test('arguments that do not fit start no command', async () => {
    const unfit = { ...EXAMPLE_TOOL, words: () => ({ ok: false, line: 'why: give model' }) as const }
    const refusing = await exampleClient({ cwd, tools: [unfit] })
    expect(textOf(await refusing.call({}))).toBe('why: give model')
    expect(refusing.commands).toEqual([])
    const { call, commands } = await exampleClient({ cwd })
    expect(await call({ model: '../other.onnx' })).toMatchObject({ isError: true })
    expect(commands).toEqual([])
  })

  test('a tool that does not exist is an error of the protocol', async () => {
    const { client } = await exampleClient({ cwd })
    await expect(client.callTool({ name: 'shell', arguments: {} })).rejects.toThrow(/there is no tool shell; there are why/)
  })

  test('a client that does not say what its roots are is told so, and asked again', async () => {
    let isBroken = true
    const roots = () => {
      if (isBroken) throw new Error('no idea')
      return [cwd]
    }
    const { call } = await exampleClient({ cwd, roots })
    expect(textOf(await call(MODEL))).toMatch(/^the client does not say what its roots are \(.*no idea\); try again$/)
    isBroken = false
    expect((await call(MODEL)).isError).toBeUndefined()
  })
})

describe('while it measures', () => {
  test('progress grows by one, and only goes to a client that wants it', async () => {
    const run = async (_: unknown, { onProgress }: RunOptions) => {
      onProgress('loading 1/2')
      onProgress('predicting 2/2')
      return answered(DOCUMENT)
    }
    const { call } = await exampleClient({ cwd, run })
    const seen: unknown[] = []
    await call(MODEL, { onprogress: ({ progress, message }) => void seen.push([progress, message]) })
    expect(seen).toEqual([
      [1, 'loading 1/2'],
      [2, 'predicting 2/2'],
    ])
    await expect(call(MODEL)).resolves.toMatchObject({ structuredContent: { document: 'whyslow://report/2' } })
  })

  test('one command runs at a time; the next says that it waits, and the third', async () => {
    const { held, run } = heldCommands()
    const { call } = await exampleClient({ cwd, run })
    const waiting: string[] = []
    const first = call(MODEL)
    const others = ['second', 'third'].map((name) =>
      call(MODEL, { onprogress: ({ message }) => void waiting.push(`${name}: ${message}`) }),
    )
    await expect.poll(() => waiting.length).toBe(2)
    expect(waiting[0]).toBe('second: waiting: another measurement of this session runs')
    expect(held.length).toBe(1)
    held[0]!.end(answered({ schema: 'a' }))
    await first
    await expect.poll(() => held.length).toBe(2)
    held[1]!.end(answered({ schema: 'b' }))
    await expect.poll(() => held.length).toBe(3)
    held[2]!.end(answered({ schema: 'c' }))
    expect((await Promise.all(others)).map(({ structuredContent }) => structuredContent?.schema)).toEqual(['b', 'c'])
  })

  test('a call that is cancelled ends its command; one that waited never starts', async () => {
    const { held, run } = heldCommands()
    const { call } = await exampleClient({ cwd, run })
    const [running, waiting] = [new AbortController(), new AbortController()]
    const calls = [running, waiting].map(({ signal }) => call(MODEL, { signal }).catch((error: Error) => error.message))
    const last = call(MODEL)
    await expect.poll(() => held.length).toBe(1)
    waiting.abort('not needed')
    running.abort('enough')
    await expect.poll(() => held[0]!.options.signal.aborted).toBe(true)
    // The command takes its time to end; nothing else starts before it has.
    expect(held.length).toBe(1)
    held[0]!.end(answered(null, { exitCode: 130, line: null }))
    await expect.poll(() => held.length).toBe(2)
    expect(held[1]!.options.signal.aborted).toBe(false)
    held[1]!.end(answered(DOCUMENT))
    expect((await last).structuredContent).toMatchObject({ schema: DOCUMENT.schema })
    expect(await Promise.all(calls)).toEqual([expect.stringContaining('enough'), expect.stringContaining('not needed')])
  })

  test('the end of the session ends what runs and what waits', async () => {
    const { held, run } = heldCommands()
    const { call, served } = await exampleClient({ cwd, run })
    const calls = [call(MODEL), call(MODEL)]
    await expect.poll(() => held.length).toBe(1)
    const ended = served.end()
    expect(held[0]!.options.signal.aborted).toBe(true)
    held[0]!.end(answered(null, { exitCode: 130, line: null }))
    await ended
    expect((await Promise.all(calls)).map(textOf)).toEqual(['the call was cancelled', 'the call was cancelled'])
    expect(held.length).toBe(1)
  })
})
