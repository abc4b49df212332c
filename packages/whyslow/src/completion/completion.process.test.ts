// The scripts in the shells themselves: what is offered when Tab is pressed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { needs } from '../../../../test/needs.ts'
import { typed } from '../../test/support/example-command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-completion-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'fast'))
writeFileSync(join(folder, 'model.onnx'), '')
const scripts = await Promise.all(
  ['bash', 'zsh', 'fish'].map(async (shell) => {
    const { printed } = await typed(['completion', shell])
    writeFileSync(join(folder, `.whyslow.${shell}`), printed)
    return [shell, printed] as const
  }),
)

const runs = (shell: string, script: string) =>
  spawnSync(shell, [...(shell === 'bash' ? ['--norc'] : shell === 'zsh' ? ['-f'] : ['--no-config']), '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, TERM: 'dumb' },
  })
const isInstalled = (shell: string) => spawnSync(shell, ['--version']).status === 0

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** As bash calls the function: with the words of the line. */
function inBash(line: string): string[] {
  // At spaces and around '=', as readline does.
  const words = line.split(/ |(?<==)|(?==)/)
  const { stdout, stderr } = runs(
    'bash',
    `. ./.whyslow.bash; COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}; _whyslow; printf '%s\\n' "\${COMPREPLY[@]}"`,
  )
  expect(stderr).toBe('')
  return stdout.split('\n').filter((one) => one !== '')
}

/** fish prints what it would offer, with its description after a tab. */
function inFish(line: string): string[] {
  const { stdout, stderr } = runs('fish', `source ./.whyslow.fish; complete -C ${quoted(line)}`)
  expect(stderr).toBe('')
  return stdout
    .split('\n')
    .map((one) => one.split('\t')[0]!)
    .filter((one) => one !== '')
}

/** zsh completes in a terminal alone: one of its own, in which what it would offer is listed. */
function inZsh(line: string): string[] {
  const { stdout } = runs(
    'zsh',
    `zmodload zsh/zpty
    zpty shell 'cd ${folder}; zsh -f -i'
    zpty -w shell "PS1=; PS2=; setopt rcexpandparam; autoload -Uz compinit && compinit -u -D; . ./.whyslow.zsh"
    zpty -w shell "compadd() { if [[ \\\${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd \\"\\$@\\"; return; fi; typeset -a __hits; builtin compadd -A __hits \\"\\$@\\"; print -r -- \\"HIT \\\${(j: :)__hits}\\"; builtin compadd \\"\\$@\\"; }"
    zpty -w shell "bindkey '^I' complete-word; zle -C complete-word complete-word list; list() { _main_complete; print DONE; exit; }; print READY"
    zpty -r -m shell got '*READY*READY*'
    zpty -n -w shell ${quoted(line)}$'\\t'
    zpty -r -m shell got '*DONE*'
    print -r -- "$got"`,
  )
  const offered = [...stdout.matchAll(/HIT ([^\r\n]*)/g)].flatMap(([, words]) => words!.split(' '))
  return [...new Set(offered)].filter((one) => one !== '')
}

const SHELLS = [
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
] as const

describe.each(SHELLS)('%s', (shell, completed) => {
  const missing = !isInstalled(shell)

  test.skipIf(missing)('commands, then files', needs(shell), () => {
    expect(completed('whyslow fi')).toEqual(['fix'])
    expect(completed('whyslow qu')).toEqual(['quantize'])
    expect(completed('whyslow fix mo')).toEqual(['model.onnx'])
    expect(completed('whyslow mo')).toEqual(['model.onnx'])
  })

  test.skipIf(missing)('flags of the command, and none that help hides', needs(shell), () => {
    expect(completed('whyslow fix model.onnx --bu')).toEqual(['--budget'])
    expect(completed('whyslow load --conc')).toEqual(['--concurrency'])
    expect(completed('whyslow model.onnx --save-').sort()).toEqual(['--save-evidence', '--save-inputs', '--save-trace'])
    expect(completed('whyslow model.onnx --secon')).toEqual([])
    expect(completed('whyslow fix --conc')).toEqual([])
  })

  test.skipIf(missing)('values: words, lists, folders, and files if one may be given', needs(shell), () => {
    expect(completed('whyslow fix model.onnx --for thr')).toEqual(['throughput'])
    expect(completed('whyslow fix model.onnx --for=thr').map((one) => one.replace('--for=', ''))).toEqual(['throughput'])
    expect(completed('whyslow compare model.onnx --engines ort-w').map((one) => one.replace(/,$/, ''))).toContain('ort-wasm')
    const listed = completed('whyslow compare model.onnx --engines ort-cpu,ort-was').map((one) => one.replace(/^.*,/, ''))
    expect(listed).toEqual(['ort-wasm'])
    expect(completed('whyslow fix model.onnx -o f').map((one) => one.replace(/\/$/, ''))).toEqual(['fast'])
    expect(completed('whyslow model.onnx --json mod')).toEqual(['model.onnx'])
    expect(completed('whyslow completion z')).toEqual(['zsh'])
  })

  test.skipIf(missing)('nothing if only a number can be meant', needs(shell), () =>
    expect(completed('whyslow fix model.onnx --budget mo')).toEqual([]),
  )
})

test('every shell can read its script, which starts no program', () => {
  for (const [shell, script] of scripts) {
    if (isInstalled(shell)) expect(runs(shell, `${shell} -n ./.whyslow.${shell}`)).toMatchObject({ status: 0, stderr: '' })
    expect(script).not.toMatch(/\((node|npx|whyslow)\b/)
  }
})
