// Peak memory of a process and its children, read from /proc while it runs (Linux; elsewhere 0).
import fs from 'node:fs'

const EVERY_MS = 20

/** Waits for the child: what it printed, its status, and the largest sum of resident sizes of it and its children. `onLook`: each look. */
export function peakOf(child, onLook = () => {}) {
  let [text, error, peakBytes] = ['', '', 0]
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part))
  child.stderr.setEncoding('utf8').on('data', (part) => (error += part))
  const timer = setInterval(() => {
    const bytes = residentBytes(child.pid)
    peakBytes = Math.max(peakBytes, bytes)
    onLook(bytes)
  }, EVERY_MS)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      clearInterval(timer)
      resolve({ text, error, status, peakBytes })
    })
  })
}

/** Resident size of a process and its children, bytes; 0 where the system does not tell. */
export function residentBytes(pid) {
  try {
    const rss = Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
    const threads = fs.readdirSync(`/proc/${pid}/task`)
    const children = threads.flatMap((thread) =>
      fs.readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    )
    return children.reduce((sum, child) => sum + residentBytes(child), rss)
  } catch {
    return 0
  }
}
