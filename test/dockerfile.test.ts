// The Dockerfile agrees with the repository: what it copies exists, its command can be typed, the server answers its health check, and no build tool is in
// the last stage.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProgram } from '@whyslow/whyslow/program.ts'
import { expect, test } from 'vitest'
import { filesUnder, ROOT } from './sources.ts'

const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
const lines = read('Dockerfile')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const starts = lines.flatMap((line, at) => (line.startsWith('FROM ') ? [at] : []))
const stages = starts.map((at, stage) => lines.slice(at, starts[stage + 1]))
const last = stages.at(-1)!
const argumentsOf = (instruction: string, of = last) =>
  of.flatMap((line) => (line.startsWith(`${instruction} `) ? [line.slice(instruction.length + 1)] : []))
const words = (instruction: string) => JSON.parse(argumentsOf(instruction).at(-1)!) as string[]

test('every stage starts from the oldest Node that whyslow runs on', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
  const oldest = /\d+/.exec(engines.node)![0]
  expect(stages.map(([from]) => from!.split(' ')[1])).toEqual([`node:${oldest}-slim`, `node:${oldest}-slim`])
})

test('what is copied exists, and is not ignored', () => {
  const ignored = read('.dockerignore').split('\n')
  for (const copied of stages.flatMap((stage) => argumentsOf('COPY', stage)).filter((one) => !one.startsWith('--from='))) {
    const sources = copied.split(' ').slice(0, -1)
    expect(sources.filter((source) => !existsSync(join(ROOT, source)) || ignored.includes(source))).toEqual([])
  }
})

test('what packing reads is not ignored', () => {
  const { files, scripts } = JSON.parse(read('package.json')) as { files: string[]; scripts: Record<string, string> }
  const scriptFiles = [...`${scripts.build} ${scripts.prepack}`.matchAll(/(?:node|-p) ([\w./-]+)/g)].map(([, path]) => path!)
  const sources = [...files.filter((path) => path !== 'dist' && !path.startsWith('!')), ...scriptFiles, 'src', 'web', 'packages']
  const ignored = read('.dockerignore').split('\n')
  const roots = sources.filter((path) => existsSync(join(ROOT, path))).map((path) => path.split('/')[0]!)
  expect(roots.length).toBeGreaterThan(4)
  expect(roots.filter((path) => ignored.includes(path))).toEqual([])
})

test('the last stage runs as a user, and copies what is built from an earlier one', () => {
  expect(argumentsOf('USER')).toEqual(['node'])
  expect(argumentsOf('RUN').join('\n')).not.toMatch(/\b(apt-get|npm (ci|install)|gcc|make)\b/)
  const named = stages.map(([from]) => / AS (\w+)$/.exec(from!)?.[1])
  expect(argumentsOf('COPY').map((one) => named.indexOf(/--from=(\w+)/.exec(one)![1]))).toEqual([0])
})

test('its command is one of whyslow', () => {
  const [name, ...given] = words('CMD')
  const program = createProgram({ version: '0.0.0', screen: {} as never, interrupt: () => new AbortController().signal })
  const command = program.commands.find((one) => one.name() === name)!
  expect(command.parseOptions(given)).toEqual({ operands: ['/model'], unknown: [] })
  const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> }
  expect(words('ENTRYPOINT')).toEqual([`/node_modules/.bin/${Object.keys(bin)[0]}`])
})

test('its health check asks a path of the server, at the port that the server has', () => {
  const [, port, path] = /http:\/\/127\.0\.0\.1:(\d+)(\/[\w/]+)/.exec(argumentsOf('HEALTHCHECK')[0]!)!
  expect(words('CMD').slice(-2)).toEqual(['--port', port])
  expect(argumentsOf('EXPOSE')[0]!.split(' ')).toContain(port)
  const [server] = filesUnder('', (file) => file.endsWith('/serve/http-server.ts'))
  expect(read(server!)).toContain(`'${path}'`)
})
