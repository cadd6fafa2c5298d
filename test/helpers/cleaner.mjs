// Ends every embedded server below a directory and removes the directory when the process that holds our stdin dies without doing so.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [directory] = process.argv.slice(2)
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
let done = false
process.stdin.on('data', () => {
  done = true
})
process.stdin.on('end', async () => {
  if (done) return
  await sleep(300)
  const notes = findNotes(directory, 6)
  for (const note of notes) {
    try {
      const pid = Number(readFileSync(join(dirname(note), 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
      if (pid > 1) process.kill(pid, 'SIGQUIT')
    } catch {}
  }
  await sleep(500)
  for (const note of notes) {
    const socketDir = readFileSync(note, 'utf8')
    if (/\/stackhold-\w{6}$/.test(socketDir)) rmSync(socketDir, { recursive: true, force: true })
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

function findNotes(folder, depth) {
  const found = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name === 'postgres.socket') found.push(path)
    else if (entry.isDirectory() && depth > 0 && entry.name !== 'postgres' && entry.name !== 'node_modules') found.push(...findNotes(path, depth - 1))
  }
  return found
}
