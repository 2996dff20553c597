// Opens /api/docs of a running server as a person would: every operation and every message is shown and opens,
// finding finds, a request can be tried, no script fails, and nothing is asked of another host.
// With the setup link, whoever opens it becomes the administrator first.
// node docs.mjs http://127.0.0.1:8080 TOKEN [SETUP_LINK] [screenshot.png]
import { chromium } from 'playwright-core';

const [base, token, link, screenshot] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const wrong = [];
const expect = (sound, told) => sound || wrong.push(told);

const openApi = await (await fetch(`${base}/api/openapi.json`)).json();
const asyncApi = await (await fetch(`${base}/api/protocol/asyncapi.json`)).json();
const operations = Object.values(openApi.paths).flatMap(methods => Object.values(methods));

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
page.on('pageerror', error => wrong.push(`a script failed: ${error}`));
page.on('console', said => said.type() === 'error' && wrong.push(`the console says: ${said.text()}`));
page.on('request', request => expect(new URL(request.url()).origin === base || request.url().startsWith('data:'), `asks ${request.url()}`));

await page.goto(link || `${base}/`);
await page.locator('#state').waitFor({ state: 'hidden' });
if (link) {
    expect(!page.url().includes('setup'), 'the secret stays in the address');
    await page.locator('#sign-in [name=username]').fill('root');
    await page.locator('#sign-in [name=name]').fill('Root');
    await page.locator('#sign-in button').click();
    await page.locator('#sign-in', { hasText: 'Signed in' }).waitFor();
    const me = await page.evaluate(async () => {
        const authorization = `Bearer ${document.getElementById('token').value}`;
        return (await fetch('/api/me', { headers: { authorization } })).json();
    });
    expect(me.admin && me.user.username === 'root', `who is signed in: ${JSON.stringify(me)}`);
}

for (const { operationId, summary, parameters = [] } of operations) {
    const shown = page.locator(`[id="${operationId}"]`);
    expect(await shown.count() === 1, `${operationId} is not shown once`);
    await shown.evaluate(details => { details.open = true; });
    await shown.locator('form button').waitFor();
    const text = await shown.textContent();
    for (const part of [summary, ...parameters.map(({ name }) => name)]) {
        expect(text.includes(part), `${operationId} does not say ${part}`);
    }
}
const names = Object.values(asyncApi.components.messages).map(({ name }) => name);
const messages = await page.locator('.message summary code').allTextContents();
for (const name of names) expect(messages.includes(name), `the message ${name} is not shown`);
for (const message of await page.locator('.message').all()) await message.evaluate(details => { details.open = true; });

// A request, tried with a token.
await page.locator('#token').fill(token);
const list = page.locator('#get_meetings');
await list.locator('form input[name=limit]').fill('1');
await list.locator('form button').click();
await list.locator('form pre', { hasText: '"items"' }).waitFor();
expect((await list.locator('form pre').textContent()).startsWith('200'), 'the list of meetings was not answered');
if (screenshot) {
    await list.scrollIntoViewIfNeeded();
    await page.screenshot({ path: screenshot });
}

await page.locator('#find').fill('waiting-room');
const left = await page.locator('.operation:visible').evaluateAll(all => all.map(one => one.id));
expect(left.length > 0 && left.every(id => id.includes('waiting')), `finding waiting-room shows ${left}`);
await browser.close();

for (const told of wrong.slice(0, 20)) console.error(told);
if (wrong.length > 0) process.exit(1);
console.log(`docs: ${operations.length} operations, ${names.length} messages, nothing from elsewhere`);
