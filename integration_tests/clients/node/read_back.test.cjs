// HubSpot's own client for Node reads what the connector wrote. The test that starts this says, in the environment,
// where HubSpot is (HUBSPOT_URL, HUBSPOT_TOKEN) and what has to be there (EXPECTED, a JSON file of contacts).

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { test } = require("node:test");
const { Client } = require("@hubspot/api-client");

const client = new Client({ accessToken: process.env.HUBSPOT_TOKEN, basePath: process.env.HUBSPOT_URL });
const expected = JSON.parse(fs.readFileSync(process.env.EXPECTED, "utf8"));
const names = Object.keys(expected[0]);

const only = (properties) => Object.fromEntries(names.map((name) => [name, properties[name]]));

test("every contact is there, with every value", async () => {
  const found = await client.crm.contacts.getAll(undefined, undefined, names);
  const rows = found.map((contact) => only(contact.properties));
  rows.sort((a, b) => (a.email < b.email ? -1 : 1));
  assert.deepEqual(rows, expected);
});

test("each is found by its e-mail address", async () => {
  const inputs = expected.map(({ email }) => ({ id: email }));
  const answer = await client.crm.contacts.batchApi.read({ inputs, idProperty: "email", properties: names });
  assert.equal(answer.status, "COMPLETE");
  assert.equal(answer.results.length, expected.length);
});

test("search counts them", async () => {
  const filters = [{ propertyName: "email", operator: "HAS_PROPERTY" }];
  const found = await client.crm.contacts.searchApi.doSearch({ filterGroups: [{ filters }], limit: 10 });
  assert.equal(found.total, expected.length);
});

test("a refusal has HubSpot's shape", async () => {
  const wrong = { properties: { email: "not an address" }, associations: [] };
  await assert.rejects(client.crm.contacts.basicApi.create(wrong), (error) => {
    assert.equal(error.code, 400);
    assert.equal(error.body.category, "VALIDATION_ERROR");
    return true;
  });
});
