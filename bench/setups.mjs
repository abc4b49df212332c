// Set-ups of one machine that stand in for machines: threads that the engine is told, and CPU quotas, which take a control group that this user may
// make (root, on Linux). What was measured in each is kept as files in the folder RESULTS, so that a run goes on where the last one ended.
import fs from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from './shared.mjs'

const ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/cpu']
const PERIOD_US = 100_000

/** `wanted`: CPUs of each quota. Those that cannot be had are told on the screen and left out. */
export function setups(wanted) {
  const quotas = wanted.flatMap((cpus) => {
    const group = groupOf(cpus)
    if (group === undefined) console.log(`left out: a quota of ${cpus} CPUs (no control group can be made here)`)
    return group === undefined ? [] : [{ name: `quota of ${cpus}`, flags: [], threads: null, prefix: entering(group) }]
  })
  return [
    { name: 'all CPUs', flags: [], threads: null, prefix: [] },
    { name: 'one thread', flags: ['--threads', '1'], threads: 1, prefix: [] },
    ...quotas,
  ]
}

const entering = (group) => ['bash', '-c', `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`]

function groupOf(cpus) {
  for (const root of ROOTS) {
    const group = path.join(root, `whyslow-bench-${process.pid}-${cpus}`)
    try {
      fs.mkdirSync(group)
    } catch {
      continue
    }
    process.on('exit', () => fs.rmdirSync(group))
    const [file, text] = fs.existsSync(path.join(group, 'cpu.max'))
      ? ['cpu.max', `${cpus * PERIOD_US} ${PERIOD_US}`]
      : ['cpu.cfs_quota_us', String(cpus * PERIOD_US)]
    if (!fs.existsSync(path.join(group, file))) continue
    fs.writeFileSync(path.join(group, file), text)
    return group
  }
  return undefined
}

const folder = process.env.RESULTS ?? temporaryFolder()
fs.mkdirSync(folder, { recursive: true })

const fileOf = (within, name) => path.join(within, `${name.replace(/[^\w.-]+/g, '-')}.json`)

/** What a run on another machine kept: its folder RESULTS, brought here. undefined: nothing of that name. */
export function keptBy(other, name) {
  const file = fileOf(other, name)
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined
}

/** The document in the file of that name, which `make` writes where it is not there yet. `what`: said while it is made. */
export function kept(name, make, left) {
  const file = fileOf(folder, name)
  if (!fs.existsSync(file)) {
    left.check()
    const coming = `${file}.coming`
    make(coming)
    fs.renameSync(coming, file)
  }
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}
