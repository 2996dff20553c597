// Opens pages of reports as a person would, in light, dark and on paper, at a desk and on a phone: no script
// runs, nothing is asked of any host, every chart shows something and has its table, nothing sticks out, and
// axe finds nothing serious.
// node report.mjs page.html [more.html ...] [--screenshot picture.png] [--pdf paper.pdf]
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: { screenshot, pdf }, positionals: files } = parseArgs({
    allowPositionals: true,
    options: { screenshot: { type: 'string' }, pdf: { type: 'string' } },
});
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// A page of more elements is more of the same, of which axe takes minutes.
const AXE_ELEMENTS_MAX = 20_000;
const wrong = [];
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
// A4 at 96 dots an inch, less the margins of the page.
const PAPER = { width: 680, height: 1000 };

/** What is wrong with the page as it is shown now. */
function look(paper) {
    const wrong = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) wrong.push(`sticks out by ${scrollWidth - clientWidth} px`);
    const isShown = element => getComputedStyle(element).display !== 'none';
    const figures = [...document.querySelectorAll('figure')];
    const charts = [...document.querySelectorAll('svg[role=img]')].filter(isShown);
    for (const svg of charts) {
        const name = svg.getAttribute('aria-label');
        const { width, height } = svg.getBoundingClientRect();
        if (!name || !svg.closest('figure')) wrong.push(`a chart without name or figure: ${name}`);
        if (width === 0 || height === 0) wrong.push(`nothing to see of ${name}`);
        if (paper && height > paper) wrong.push(`${name} does not fit on a page: ${height} px`);
        const drawn = [...svg.querySelectorAll('rect, polygon, circle')].filter(shape => {
            const box = shape.getBBox();
            return box.width > 0 && box.height > 0;
        });
        if (drawn.length === 0) wrong.push(`${name} is empty`);
        // Texts stay inside of their drawing and apart from each other; a pixel is the rounding of a font, and
        // above and below letters there is room in their line.
        const edge = svg.getBoundingClientRect();
        const texts = [...svg.querySelectorAll('text')].map(text => ({ said: text.textContent.trim(), box: text.getBoundingClientRect() }));
        for (const [n, { said, box }] of texts.entries()) {
            if (box.left < edge.left - 1 || box.right > edge.right + 1) wrong.push(`${name}: "${said}" is cut`);
            const over = texts.slice(n + 1).find(({ box: other }) =>
                box.left + 1 < other.right && other.left + 1 < box.right && box.top + 3 < other.bottom && other.top + 3 < box.bottom);
            if (over) wrong.push(`${name}: "${said}" and "${over.said}" are on top of each other`);
        }
    }
    for (const figure of figures) {
        const name = figure.querySelector('figcaption')?.textContent;
        if (!charts.some(svg => figure.contains(svg))) wrong.push(`no chart: ${name}`);
        if (!figure.querySelector('details table tbody tr td')) wrong.push(`no table: ${name}`);
        if (paper && figure.querySelector('details table').getBoundingClientRect().height === 0) wrong.push(`the table is not printed: ${name}`);
    }
    if (document.querySelector('script')) wrong.push('has a script');
    return { wrong, charts: charts.length, elements: document.querySelectorAll('*').length };
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
let charts = 0;
for (const file of files) {
    const address = pathToFileURL(resolve(file)).href;
    for (const [name, viewport, media] of [
        ['light', DESK, { colorScheme: 'light' }],
        ['dark', DESK, { colorScheme: 'dark' }],
        ['light on a phone', PHONE, { colorScheme: 'light' }],
        ['dark on a phone', PHONE, { colorScheme: 'dark' }],
        ['paper', PAPER, { colorScheme: 'dark', media: 'print' }],
    ]) {
        const page = await browser.newPage({ viewport });
        const tell = told => wrong.push(`${file}, ${name}: ${told}`);
        page.on('pageerror', error => tell(`a script failed: ${error}`));
        page.on('console', said => ['error', 'warning'].includes(said.type()) && tell(`the console says: ${said.text()}`));
        page.on('request', request => request.url() === address || request.url().startsWith('data:') || tell(`asks ${request.url()}`));
        await page.emulateMedia(media);
        await page.goto(address);
        const seen = await page.evaluate(look, media.media && PAPER.height);
        seen.wrong.forEach(tell);
        charts += seen.charts;
        if (!media.media) {
            await page.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true; }));
            const { scrollWidth, clientWidth } = await page.evaluate(() => {
                const { scrollWidth, clientWidth } = document.documentElement;
                return { scrollWidth, clientWidth };
            });
            if (scrollWidth > clientWidth) tell('sticks out with its tables open');
        }
        if (!media.media && seen.elements <= AXE_ELEMENTS_MAX) {
            await page.evaluate(axe);
            const { violations } = await page.evaluate(() => window.axe.run());
            for (const { id, impact, help, nodes } of violations) {
                if (['serious', 'critical'].includes(impact)) tell(`${id}: ${help}, ${nodes[0].html.slice(0, 200)}`);
            }
        }
        await page.close();
    }
}
if (screenshot) {
    const page = await browser.newPage({ viewport: { width: 900, height: 1400 }, colorScheme: 'light' });
    await page.goto(pathToFileURL(resolve(files[0])).href);
    // From the head to the chart of who was there when.
    const { y, height } = await page.locator('#presence figure').first().boundingBox();
    await page.screenshot({ path: screenshot, fullPage: true, clip: { x: 0, y: 0, width: 900, height: y + height } });
}
if (pdf) {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(resolve(files[0])).href);
    await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: true });
}
await browser.close();

for (const told of wrong.slice(0, 20)) console.error(told);
if (wrong.length > 0 || files.length === 0) process.exit(1);
console.log(`report: ${files.length} pages, ${charts} charts looked at, nothing from elsewhere`);
