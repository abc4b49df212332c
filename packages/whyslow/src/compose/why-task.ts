// What a process imports that measures a model for a fleet.

import { defineWhyTask } from '@whyslow/fleet/queue/why-task.ts'
import { why } from '@whyslow/model/commands/why.ts'

export const whyTask = defineWhyTask(import.meta.url, { why })
