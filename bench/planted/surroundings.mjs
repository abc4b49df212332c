// Causes that lie around the process: a CPU quota, and other processes that want the CPUs.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * A control group with a quota of `cpus`, version 1 or 2: { prefix } is the command that puts what follows into it, { remove } removes
 * it, which needs all of its processes to have ended. { reason } where none can be made.
 */
export function quotaGroup(cpus) {
  if (process.platform !== 'linux') return { reason: `no control groups on ${process.platform}` }
  const reasons = []
  for (const { parent, limit } of [
    { parent: '/sys/fs/cgroup/cpu', limit: limitVersion1 },
    { parent: '/sys/fs/cgroup/cpu,cpuacct', limit: limitVersion1 },
    { parent: '/sys/fs/cgroup', limit: limitVersion2 },
  ]) {
    const folder = path.join(parent, `whyslow-planted-${process.pid}`)
    try {
      fs.mkdirSync(folder)
    } catch (error) {
      reasons.push(`${parent}: ${error.code}`)
      continue
    }
    const remove = () => fs.existsSync(folder) && fs.rmdirSync(folder)
    try {
      limit(folder, cpus)
      return { prefix: ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder], remove }
    } catch (error) {
      remove()
      reasons.push(`${parent}: ${error.code}`)
    }
  }
  return { reason: `no quota can be set (${reasons.join(', ')})` }
}

// r+ and not w: a file that the group does not have must not be made on a plain tmpfs.
const set = (file, text) => fs.writeFileSync(file, text, { flag: 'r+' })

function limitVersion1(folder, cpus) {
  set(path.join(folder, 'cpu.cfs_period_us'), '100000')
  set(path.join(folder, 'cpu.cfs_quota_us'), String(cpus * 100_000))
}

const limitVersion2 = (folder, cpus) => set(path.join(folder, 'cpu.max'), `${cpus * 100_000} 100000`)

/** A busy process for every CPU, each at most `seconds` long; the function that ends them. */
export function busyProcesses(seconds) {
  const loop = `const end = Date.now() + ${seconds * 1000}; while (Date.now() < end);`
  const children = os.cpus().map(() => spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }))
  return () => {
    for (const child of children) child.kill('SIGKILL')
  }
}
