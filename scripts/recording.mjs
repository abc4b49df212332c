// Runs whyslow as a reader types it: in a folder of its own, as the first run on this machine, at 80 columns. What the documents show is cut from that.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

/**
 * What a command line printed, and the document that it wrote. Throws what it said on standard error unless it ended with 0, or with 3: a goal
 * that was missed is an answer. Prints how far the numbers can be trusted.
 */
export function record(argv, folder, environment = {}) {
  const json = join(folder, '.recorded.json')
  rmSync(json, { force: true })
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist/whyslow/main.js'), ...argv, '--json', json, '--no-progress'],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...environment, NO_COLOR: '1', npm_command: 'exec', XDG_CACHE_HOME: join(folder, '.cache') },
    },
  )
  if (status !== 0 && status !== 3) throw new Error(`whyslow ${argv.join(' ')}: ${stderr}`)
  const document = JSON.parse(readFileSync(json, 'utf8'))
  const { trust = '–', reasons = [] } = document.latency ?? {}
  console.log(`whyslow ${argv.join(' ')}: trust ${trust}${reasons.map((reason) => `; ${reason}`).join('')}`)
  return { command: `$ npx whyslow ${argv.join(' ')}`, text: stdout.trim().replaceAll(homedir(), '~'), document }
}

/** The worst grade in a document, 'A' to 'D'; 'A' of one that has none. A generator of load that was late is as bad as 'D'. */
export const gradeOf = ({ latency, reports = [], audit }) =>
  [audit?.ok === false ? 'D' : (latency?.trust ?? 'A'), ...reports.map(gradeOf)].sort().at(-1)

/** 'on a virtual machine with 2 CPUs of an AMD EPYC'. */
export function machineOf({ machine }) {
  const kind = machine.virtualised ? 'a virtual machine' : 'a machine'
  const cpus = machine.usableCpus === 1 ? '1 CPU' : `${machine.usableCpus} CPUs`
  return `on ${kind} with ${cpus} of an ${machine.cpu}`
}

/** The sections that begin so, the first always; '…' for what is between them. Of how far to trust it, nothing about the machine. */
export function sectionsOf(text, beginnings) {
  const isShown = (section, at) => at === 0 || beginnings.some((start) => section.startsWith(start))
  const shown = text.split('\n\n').map((section, at) => (isShown(section, at) ? section : '…'))
  return shown
    .filter((section, at) => section !== '…' || !shown[at - 1].endsWith('…'))
    .map((section) => (section.startsWith('Trust ') ? section.replace(/\nEngine [\s\S]*$/, '\n…') : section))
    .join('\n\n')
}

/** The first findings of a report, or trials that were not kept: `most` of them, and '…' for the others. */
export function firstFindings(text, most) {
  return text.replace(/^What to fix\n[\s\S]*?(?=\n\n|$(?![\s\S]))/m, (section) => {
    const next = section.indexOf(`\n${most + 1}. `)
    return next < 0 ? section : `${section.slice(0, next)}\n…`
  })
}

/** Every trial that was kept, and the first of the others. */
export function firstTrials(text, most) {
  let others = 0
  return text
    .split('\n\n')
    .map((section) => {
      if (!/^[-+!] /.test(section)) return section
      const shown = section.split(/\n(?=[-+!] )/).map((trial) => (trial.startsWith('+') || others++ < most ? trial : '…'))
      return shown.filter((trial, at) => trial !== '…' || shown[at - 1] !== '…').join('\n')
    })
    .join('\n\n')
}

/** Where `fix` says what it came to. */
export const OUTCOME = 'Latency per prediction: '
