// kubernetes.mjs FILE: every document is what the Kubernetes API says of its kind, and has no field that it does not
// know; they are printed, as JSON.
import assert from 'assert'
import fs from 'fs'
import yaml from 'js-yaml'
import { ObjectSerializer } from '@kubernetes/client-node/dist/gen/models/ObjectSerializer.js'

const docs = yaml.loadAll(fs.readFileSync(process.argv[2], 'utf8'))
for (const doc of docs) {
	const { [doc.kind]: Model } = await import(`kubernetes-models/${doc.apiVersion}/${doc.kind}`)
	new Model(doc).validate()
	const type = 'V1' + doc.kind
	// what it does not know is lost on the way
	const known = ObjectSerializer.serialize(ObjectSerializer.deserialize(doc, type), type)
	assert.deepStrictEqual(JSON.parse(JSON.stringify(known)), doc)
}
console.log(JSON.stringify(docs))
