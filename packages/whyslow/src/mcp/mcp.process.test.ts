// The built command, as a client starts it: initialize, list, call, read, close; nothing is left running.
import { cpSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { type CallToolResult, ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, inject, onTestFinished, test } from 'vitest'
import { ROOT } from '../../../../test/root.ts'
import { isRunning, processesIn } from '../../../../test/support/processes.ts'
import { schemaOf } from '../../../../test/support/schema.ts'

const top = realpathSync(folderOfTests())
const [cache, project, temporary] = ['cache', 'project', 'tmp'].map((name) => path.join(top, name)) as [string, string, string]
for (const folder of [project, temporary]) mkdirSync(folder)
cpSync(inject('roofs'), cache, { recursive: true })
cpSync(path.join(ROOT, 'fixtures/models/symbolic-batch.onnx'), path.join(project, 'm.onnx'))
writeFileSync(path.join(project, 'app.mjs'), "import fs from 'node:fs'\nfs.writeFileSync(new URL('ran', import.meta.url), '')\n")
writeFileSync(path.join(project, 'tool'), '#!/bin/sh\n: > ran\n', { mode: 0o755 })

const processes = () => (process.platform === 'win32' ? [] : processesIn(temporary))
const untilNoneRuns = () => expect.poll(processes).toEqual([])

async function startClient() {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [path.join(ROOT, 'dist/whyslow/main.js'), 'mcp'],
    cwd: top,
    env: {
      ...(process.env as Record<string, string>),
      XDG_CACHE_HOME: cache,
      TMPDIR: temporary,
      TMP: temporary,
      TEMP: temporary,
    },
    stderr: 'pipe',
  })
  let said = ''
  transport.stderr!.on('data', (chunk) => {
    said += chunk
  })
  const errors: Error[] = []
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { roots: {} } })
  // Such as a line on standard output that is not of the protocol.
  client.onerror = (error) => errors.push(error)
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: pathToFileURL(project).href }] }))
  await client.connect(transport)
  onTestFinished(() => client.close())
  return { client, transport, errors, said: () => said }
}

test('a model is measured and explained, and the session ends without a trace', async () => {
  const { client, transport, errors, said } = await startClient()
  const { pid } = transport
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(['why', 'fix', 'quantize', 'compare', 'check', 'lint'])

  const messages: (string | undefined)[] = []
  const result = (await client.callTool({ name: 'why', arguments: { model: 'm.onnx', quick: true, duration: 0.3 } }, undefined, {
    timeout: 280_000,
    onprogress: ({ message }) => void messages.push(message),
  })) as CallToolResult
  expect(result.isError, JSON.stringify(result.content)).toBeUndefined()
  expect(messages).toContainEqual(expect.stringMatching(/^predicting in process 1 of 3/))
  const [text] = result.content
  const { answer, document: uri } = result.structuredContent as { answer: string; document: string }
  expect(text).toMatchObject({ type: 'text', text: expect.stringContaining('What to fix') })
  // No colours.
  expect(JSON.stringify(text)).not.toContain('\\u001b')

  const { contents } = await client.readResource({ uri })
  const document = JSON.parse((contents[0] as { text: string }).text) as Record<string, unknown>
  const validate = schemaOf('report')
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  expect(document).toMatchObject({ answer, model: { file: path.join('project', 'm.onnx') } })

  const refused = await client.callTool({ name: 'why', arguments: { model: '../cache' } })
  expect(refused).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/^\.\.\/cache: outside the folders/) }],
  })
  // Code is never run, nor whatever has an executable bit.
  for (const program of ['app.mjs', 'tool']) {
    const answer = await client.callTool({ name: 'why', arguments: { model: program, duration: 0.3 } })
    expect(answer).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/ is a (program|text file)[ ,;]/) }] })
  }
  const missing = await client.callTool({ name: 'lint', arguments: { model: 'n.onnx' } })
  expect(missing).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/n\.onnx: no such file; did you mean project.m\.onnx?/) }],
  })

  await client.close()
  await expect.poll(() => isRunning(pid!)).toBe(false)
  await untilNoneRuns()
  expect([errors, said(), readdirSync(temporary), readdirSync(project)]).toEqual([[], '', [], ['app.mjs', 'm.onnx', 'tool']])
})

test.each(['cancelled', 'closed', 'killed'] as const)(
  'a measurement whose call is %s ends with all that it started',
  async (how) => {
    const { client, transport } = await startClient()
    const cancelled = new AbortController()
    const end = {
      cancelled: () => cancelled.abort(),
      closed: () => void client.close(),
      killed: () => process.kill(transport.pid!, 'SIGKILL'),
    }
    const options = {
      timeout: 280_000,
      signal: cancelled.signal,
      onprogress: ({ message = '' }) => void (message.startsWith('predicting') && end[how]()),
    }
    const call = client.callTool({ name: 'why', arguments: { model: 'm.onnx', duration: 250 } }, undefined, options)
    // A client that closes may still read that its call was cancelled.
    expect(await call.catch(() => ({ isError: true }))).toMatchObject({ isError: true })
    if (how === 'cancelled') {
      // The server itself goes on.
      if (process.platform !== 'win32') await expect.poll(() => processes().length).toBe(1)
      expect((await client.listTools()).tools.length).toBe(6)
      await client.close()
    }
    await untilNoneRuns()
  },
)
