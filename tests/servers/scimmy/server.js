// A SCIM service provider over SCIMMY, kept in memory: `node server.js TOKEN` prints its address and serves.
// The rules beyond SCIMMY's own (unique user names, 404 for what is not there) are those of RFC 7644.
import {randomUUID} from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const token = process.argv[2];
const {Error: ScimError} = SCIMMY.Types;

function store(unique) {
    const kept = new Map();
    return {
        write(resource, instance) {
            const {id, meta, ...said} = JSON.parse(JSON.stringify(instance));
            if (resource.id && !kept.has(resource.id)) {
                throw new ScimError(404, null, `Resource ${resource.id} not found`);
            }
            const name = unique && said[unique].toLowerCase();
            for (const other of unique ? kept.values() : []) {
                if (other.id !== resource.id && other[unique].toLowerCase() === name) {
                    throw new ScimError(409, "uniqueness", `${unique} is taken`);
                }
            }
            const now = new Date().toISOString();
            const known = kept.get(resource.id);
            const made = {
                ...said,
                id: resource.id ?? randomUUID(),
                meta: {resourceType: meta?.resourceType, created: known?.meta.created ?? now, lastModified: now},
            };
            kept.set(made.id, made);
            return made;
        },
        read(resource) {
            if (resource.id) {
                if (!kept.has(resource.id)) {
                    throw new ScimError(404, null, `Resource ${resource.id} not found`);
                }
                return kept.get(resource.id);
            }
            const all = [...kept.values()];
            return resource.filter ? resource.filter.match(all) : all;
        },
        remove(resource) {
            if (!kept.delete(resource.id)) {
                throw new ScimError(404, null, `Resource ${resource.id} not found`);
            }
        },
    };
}

for (const [type, unique] of [[SCIMMY.Resources.User, "userName"], [SCIMMY.Resources.Group, null]]) {
    const kept = store(unique);
    SCIMMY.Resources.declare(type)
        .ingress((resource, instance) => kept.write(resource, instance))
        .egress((resource) => kept.read(resource))
        .degress((resource) => kept.remove(resource));
}
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser);
SCIMMY.Config.set({bulk: {supported: true, maxOperations: 1000, maxPayloadSize: 1048576}});

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) {
            throw new Error("the token is not the one");
        }
        return "reconciler";
    },
}));
const server = app.listen(0, "127.0.0.1", () => {
    console.log(`http://127.0.0.1:${server.address().port}/scim/v2`);
});
