// Reads the AsyncAPI document with AsyncAPI's own parser; fails on any error it finds, and when a message of
// the golden files is missing from it.
import { readdirSync, readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const protocol = new URL('../../protocol/', import.meta.url);
const text = readFileSync(new URL('schema/asyncapi.json', protocol), 'utf8');
const { document, diagnostics } = await new Parser().parse(text);

const ERROR = 0;
const errors = diagnostics.filter(({ severity }) => severity === ERROR);
for (const { code, path, message } of errors.slice(0, 20)) console.error(`${path.join('/')}: ${message} (${code})`);
if (!document || errors.length > 0) process.exit(1);

const commands = readdirSync(new URL('golden/', protocol))
    .filter(file => file.startsWith('command.'))
    .map(file => file.slice('command.'.length, -'.json'.length));
const known = new Set(document.allMessages().all().map(message => message.name()));
const missing = commands.filter(command => !known.has(command));
if (missing.length > 0) {
    console.error(`the document lacks ${missing.join(', ')}`);
    process.exit(1);
}
console.log(`asyncapi: ${known.size} messages, no errors`);
