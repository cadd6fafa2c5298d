#!/usr/bin/env node
/** The command line. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { attackCommand } from './cli/attack.js'
import { auditCommand } from './cli/audit.js'
import { listAuditLogCommand, verifyAuditLogCommand } from './cli/audit-log.js'
import { exportCommand } from './cli/export.js'
import { pullCommand } from './cli/pull.js'
import { pushCommand } from './cli/push.js'
import { scaffoldCommand } from './cli/scaffold.js'
import { startCommand } from './cli/start.js'
import { testCommand } from './cli/test.js'
import { AppError } from './errors.js'

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** `delete=admin,editor`, each time one operation more. */
const rolesOf = (text: string, before: Record<string, string[]> = {}): Record<string, string[]> => {
  const [operation = '', names = ''] = text.split('=')
  if (operation === '' || names === '') throw new InvalidArgumentError('Write delete=admin,editor.')
  return { ...before, [operation]: names.split(',') }
}

/** A command that talks to the Metadata API of a running server. */
const remote = (name: string, summary: string): Command =>
  new Command(name)
    .description(summary)
    .addOption(new Option('--url <url>', 'address of the server').default('http://127.0.0.1:8686').env('STACKHOLD_URL'))
    .addOption(new Option('--token <token>', 'admin token').env('STACKHOLD_TOKEN').makeOptionMandatory())
    .option('--workspace <id>', 'id of the workspace', wholeNumber, 1)
    .option('--branch <label>', 'branch; the live one when absent')

const program = new Command('stackhold')
  .description('An open, self-hosted backend that runs XanoScript workspaces over PostgreSQL.')
  .showHelpAfterError()
  .addCommand(
    new Command('start').description('Starts the server.').option('--dev', 'development mode: details in errors, this machine only').action(startCommand),
  )
  .addCommand(
    remote('push', 'Sends .xs files to a workspace, all or nothing.')
      .argument('<path>', 'a file, or a directory that is searched for .xs files')
      .option('--dry-run', 'say what would change and change nothing')
      .option('--delete', 'remove what the files leave out')
      .option('--env', 'set the workspace variables of the files')
      .option('--records', 'write the rows of the files')
      .action(pushCommand),
  )
  .addCommand(
    remote('pull', 'Writes every definition of a workspace as .xs files.')
      .argument('<directory>', 'where to')
      .option('--env', 'with the values of workspace variables')
      .option('--records', 'with the rows of tables')
      .action(pullCommand),
  )
  .addCommand(
    remote('export', 'Writes definitions and rows (SQL) for use without Stackhold.')
      .argument('<directory>', 'where to')
      .option('--env', 'with the values of workspace variables')
      .action(exportCommand),
  )
  .addCommand(
    remote('audit', 'Checks a workspace against the security checklist; exits with 1 when a line fails.')
      .option('--json', 'the report as JSON')
      .action(auditCommand),
  )
  .addCommand(
    new Command('attack')
      .description('Tries on your own running server what bit other products, in a workspace that is deleted again; exits with 1 when something gets through.')
      .addOption(new Option('--url <url>', 'address of the server, on this machine').default('http://127.0.0.1:8686').env('STACKHOLD_URL'))
      .addOption(new Option('--token <token>', 'admin token of an owner').env('STACKHOLD_TOKEN').makeOptionMandatory())
      .option('--self', 'yes, this server is mine')
      .option('--only <ids>', 'only these attacks, such as A08,JWE')
      .option('--verbose', 'every request and answer')
      .option('--json', 'the transcript as JSON')
      .action(attackCommand),
  )
  .addCommand(
    new Command('audit-log')
      .description('What administrators did, in a log that shows when somebody touched it.')
      .addCommand(
        remote('verify', 'Checks the whole log; exits with 1 when it was tampered with.')
          .option('--expect <id:hash>', 'the end of the log as an earlier check said')
          .action(verifyAuditLogCommand),
      )
      .addCommand(
        remote('list', 'The latest entries.')
          .option('--limit <n>', 'how many', wholeNumber, 50)
          .option('--search <text>', 'part of who, what or which')
          .action(listAuditLogCommand),
      ),
  )
  .addCommand(
    remote('scaffold', 'Adds ready-made endpoints for a table, as XanoScript to edit.')
      .argument('<kind>', 'auth (signup, login, me), crud, sessions, password-reset, magic-link, second-factor or oauth')
      .requiredOption('--table <name>', 'the table')
      .requiredOption('--group <name>', 'the API group they go into')
      .option('--auth <table>', 'table whose tokens open the crud endpoints')
      .option('--roles <operation=roles>', 'who may read, create, update, delete or export, such as delete=admin,editor; can be repeated', rolesOf)
      .option('--provider <name>', 'name of the login provider of oauth, such as google')
      .action(scaffoldCommand),
  )
  .addCommand(
    remote('test', 'Runs the tests of a workspace; every change they make is rolled back.')
      .argument('[search]', 'only tests whose name, or whose object, contains this')
      .option('--datasource <name>', 'data source of tests that name none')
      .action(testCommand),
  )

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(error instanceof AppError ? `${error.message}\n${error.hint}\n` : `${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
