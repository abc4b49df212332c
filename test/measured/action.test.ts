// The GitHub Action of this repository: the scripts of its steps, run by a shell as a runner of GitHub runs them, without a network. `npx` and `gh`
// are stand-ins that keep how they were called; one case runs the built command.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, type TestContext, test } from 'vitest'
import { ROOT } from '../root.ts'
import { actionSteps, inputDefaults } from '../support/action.ts'
import { fixture, onlyFull, ownFolders } from './command.ts'

const text = readFileSync(join(ROOT, 'action.yml'), 'utf8')
const steps = actionSteps(text)
const defaults = inputDefaults(text)
const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: { whyslow: string } }

/** What the stand-in for npx does: the words that it was given, a line each, then what whyslow would write. */
const NPX = `#!/bin/bash
printf '%s\\n' "$@" >"$LOG/npx"
while (($#)); do
  case $1 in
    --json) [[ -z $DOCUMENT ]] || printf '%s' "$DOCUMENT" >"$2" ;;
    --markdown) [[ -z $DOCUMENT ]] || printf '<!-- whyslow -->\\n**it**\\n' >"$2" ;;
  esac
  shift
done
[[ -z $SAYS ]] || echo "$SAYS" >&2
exit "$CODE_OF_NPX"
`
const GH = `#!/bin/bash
printf '%s\\n' "$@" '' >>"$LOG/gh"
[[ $GH_FAILS != 1 ]] || exit 1
if [[ $* == *--paginate* ]]; then printf '%s' "$COMMENTS"; exit 0; fi
for word; do [[ $word != body=@* ]] || cp "\${word#body=@}" "$LOG/body"; done
`

interface Given {
  readonly inputs?: Readonly<Record<string, string>>
  readonly number?: string
  readonly env?: NodeJS.ProcessEnv
  readonly npx?: string
}

/** Runs the steps in order, as a runner does: outputs go on, a failed step ends the job. */
function runAction(context: Pick<TestContext, 'onTestFinished'>, { inputs = {}, number = '', env = {}, npx = NPX }: Given) {
  const where = ownFolders(context)
  const bin = join(where.root, 'bin')
  const log = join(where.root, 'log')
  mkdirSync(bin)
  mkdirSync(log)
  for (const [name, script] of [
    ['npx', npx],
    ['gh', GH],
  ] as const) {
    writeFileSync(join(bin, name), script)
    chmodSync(join(bin, name), 0o755)
  }
  const outputs: Record<string, Record<string, string>> = {}
  const read = (path: string): string => {
    if (path.startsWith('inputs.')) return { ...defaults, model: 'model.onnx', ...inputs }[path.slice(7)]!
    if (path === 'github.event.pull_request.number') return number
    if (path === 'github.repository') return 'owner/name'
    const [, step, name] = /^steps\.([\w-]+)\.outputs\.([\w-]+)$/.exec(path)!
    return outputs[step!]?.[name!] ?? ''
  }
  let stdout = ''
  const summary = join(log, 'summary')
  for (const step of steps) {
    if (step.condition !== null && !(read('inputs.comment') === 'true' && number !== '')) continue
    const output = join(log, `output-${step.name}`)
    writeFileSync(output, '')
    const values = Object.entries(step.env).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, path) => read(path)),
    ])
    const script = join(log, 'script.sh')
    writeFileSync(script, step.script)
    const ended = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: where.cwd,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${bin}:${process.env.PATH}`,
        LOG: log,
        DOCUMENT: '',
        SAYS: '',
        CODE_OF_NPX: '0',
        COMMENTS: '',
        GITHUB_ACTIONS: 'true',
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: where.temporary,
        TMPDIR: where.temporary,
        XDG_CACHE_HOME: where.cache,
        ...env,
        ...Object.fromEntries(values),
      },
    })
    stdout += ended.stdout
    if (step.id !== null) {
      const lines = readFileSync(output, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
      outputs[step.id] = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
    }
    if (ended.status !== 0) return finish(ended.status, step.name)
  }
  return finish(0, null)

  function finish(status: number | null, failed: string | null) {
    const kept = (name: string) => (existsSync(join(log, name)) ? readFileSync(join(log, name), 'utf8') : null)
    return {
      status,
      failed,
      stdout,
      outputs: outputs.whyslow ?? {},
      npx: kept('npx'),
      gh: kept('gh'),
      body: kept('body'),
      summary: kept('summary'),
    }
  }
}

const document = (verdict: string, ratio = 1.25) =>
  JSON.stringify({ schema: 'whyslow-check/1', answer: 'It takes 1.25×\nthe time: 100 %.', verdict, ratio })
const WITHIN = { DOCUMENT: document('within') }

test('scripts take what users give from the environment, never from their own text', () => {
  expect(steps.length).toBe(4)
  expect(steps.filter(({ script }) => script.includes('${{'))).toEqual([])
})

describe.concurrent('the command', () => {
  test('is whyslow of the version, with the inputs as flags', (context) => {
    const inputs = {
      baseline: 'base/my model.onnx',
      percentile: 'p99',
      'fail-above': '1.2',
      arguments: '--threads=2\n\n--shape=x=1x3\n',
    }
    const { npx, status } = runAction(context, { inputs, env: WITHIN })
    const words = npx!.split('\n').filter((word) => !word.includes('/whyslow-'))
    const own = ['--yes', 'whyslow@0.1.0', 'check', 'model.onnx', '--no-progress', '--json', '--markdown']
    const given = ['--baseline=base/my model.onnx', '--fail-above=1.2', '--percentile=p99', '--threads=2', '--shape=x=1x3', '']
    expect([words, status]).toEqual([[...own, ...given], 0])
  })

  test('of why is none', (context) => {
    const { npx } = runAction(context, { inputs: { command: 'why' }, env: WITHIN })
    expect(npx!.split('\n').slice(0, 4)).toEqual(['--yes', 'whyslow@0.1.0', 'model.onnx', '--no-progress'])
  })

  test('has what it found as outputs, and in the summary', (context) => {
    const { outputs, summary } = runAction(context, { env: WITHIN })
    expect(outputs).toMatchObject({
      'exit-code': '0',
      answer: 'It takes 1.25× the time: 100 %.',
      verdict: 'within',
      ratio: '1.25',
    })
    expect(summary).toBe('<!-- whyslow -->\n**it**\n')
  })
})

describe.concurrent('the job', () => {
  const missed = { DOCUMENT: document('above'), CODE_OF_NPX: '3', SAYS: 'whyslow: --fail-above 1.1: it takes 125 % of the time' }
  const unclear = { DOCUMENT: document('unclear') }

  test('fails with 3 and an annotation if a goal is missed', (context) => {
    const { status, stdout, failed } = runAction(context, { env: missed })
    expect([status, failed]).toEqual([3, 'Fail if a goal is missed'])
    expect(stdout).toContain('::error title=whyslow::--fail-above 1.1: it takes 125 %25 of the time\n')
  })

  test('does not if it is told so', (context) => {
    expect(runAction(context, { env: missed, inputs: { 'fail-on': 'never' } }).status).toBe(0)
  })

  test('passes an unclear check, unless that is to fail', (context) => {
    expect(runAction(context, { env: unclear }).status).toBe(0)
    expect(runAction(context, { env: unclear, inputs: { 'fail-on': 'unclear' } }).status).toBe(3)
  })

  test('fails with 2 for a model that cannot be used, whatever it is to fail on', (context) => {
    const env = { CODE_OF_NPX: '2', SAYS: 'whyslow: model.onnx: no such file' }
    const { status, stdout, outputs } = runAction(context, { env, inputs: { 'fail-on': 'never' } })
    expect(status).toBe(2)
    expect(stdout).toContain('::error title=whyslow::whyslow: model.onnx: no such file\n')
    expect(outputs).toMatchObject({ 'exit-code': '2', answer: '', verdict: '' })
  })

  test('refuses another word for fail-on', (context) => {
    expect(runAction(context, { env: WITHIN, inputs: { 'fail-on': 'slow' } }).status).toBe(2)
  })
})

describe.concurrent('the comment', () => {
  const inputs = { comment: 'true', model: 'a-->b.onnx' }

  test('is written only if it is asked for, and on a pull request', (context) => {
    expect(runAction(context, { env: WITHIN, number: '7' }).gh).toBe(null)
    expect(runAction(context, { env: WITHIN, inputs }).gh).toBe(null)
  })

  test('begins with a line that finds it again', (context) => {
    const { gh, body, status } = runAction(context, { env: WITHIN, inputs, number: '7' })
    expect(gh).toContain('POST\nrepos/owner/name/issues/7/comments\n')
    expect(body).toBe('<!-- whyslow: check ab.onnx -->\n<!-- whyslow -->\n**it**\n')
    expect(status).toBe(0)
  })

  test('is changed by a later run', (context) => {
    const { gh } = runAction(context, { env: { ...WITHIN, COMMENTS: '11\n12\n' }, inputs, number: '7' })
    expect(gh).toContain('PATCH\nrepos/owner/name/issues/comments/11\n')
  })

  test('that may not be written is a warning', (context) => {
    const { status, stdout } = runAction(context, { env: { ...WITHIN, GH_FAILS: '1' }, inputs, number: '7' })
    expect(status).toBe(0)
    expect(stdout).toContain('::warning title=whyslow::The comment was not written')
  })
})

test('a pointer of Git LFS is pulled in its own repository, any other model is not', (context) => {
  const git = `#!/bin/bash\nprintf '%s\\n' "$*" >>"$LOG/gh"\n[[ $* != *show-prefix* ]] || echo models/\n`
  const where = ownFolders(context)
  const [pointer, model] = ['pointer.onnx', 'model.onnx'].map((name) => join(where.cwd, name)) as [string, string]
  writeFileSync(pointer, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n')
  writeFileSync(model, Buffer.from([8, 0, 18]))
  const bin = join(where.root, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'git'), git, { mode: 0o755 })
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, LOG: where.root, FILES: `${model}\n${pointer}\n` }
  execFileSync('bash', ['-eo', 'pipefail', '-c', steps[0]!.script], { env, cwd: where.cwd })
  expect(readFileSync(join(where.root, 'gh'), 'utf8')).toBe(
    `-C ${where.cwd} rev-parse --show-prefix\n-C ${where.cwd} lfs pull --include=models/pointer.onnx --exclude=\n`,
  )
})

test('a model that is far slower than its baseline, for real', (context) => {
  onlyFull(context, 'measures')
  const npx = `#!/bin/bash\nexec ${process.execPath} ${join(ROOT, bin.whyslow)} "\${@:3}"\n`
  const inputs = {
    model: fixture('transformer-block'),
    baseline: fixture('credit_mlp'),
    arguments: `--quick\n--duration=0.3\n--ort=${ROOT}`,
  }
  const { status, outputs, summary } = runAction(context, { inputs, npx })
  expect([status, outputs['exit-code'], outputs.verdict]).toEqual([3, '3', 'above'])
  expect(summary).toContain('<!-- whyslow -->')
})
