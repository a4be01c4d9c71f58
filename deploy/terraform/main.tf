# A connection with data activation, as code: the table `users` becomes contacts, matched by email.
# The definition is registered already (docs/airbyte.md); its id is the one of metadata.yaml, or the one you gave.
terraform {
  required_providers {
    airbyte = {
      source  = "airbytehq/airbyte"
      version = ">= 0.13.0"
    }
  }
}

variable "workspace_id" {
  type = string
}

variable "source_id" {
  type = string
}

variable "hubspot_token" {
  type      = string
  sensitive = true
}

resource "airbyte_destination_custom" "hubspot" {
  name          = "HubSpot"
  workspace_id  = var.workspace_id
  definition_id = "2e51f8af-fc87-4411-a572-d700159835ce"
  configuration = jsonencode({
    credentials = {
      type         = "AccessToken"
      access_token = var.hubspot_token
    }
  })
}

resource "airbyte_connection" "users_to_contacts" {
  name           = "users to HubSpot"
  source_id      = var.source_id
  destination_id = airbyte_destination_custom.hubspot.destination_id

  configurations = {
    streams = [
      {
        name                    = "users"
        sync_mode               = "incremental_deduped_history"
        cursor_field            = ["updated_at"]
        destination_object_name = "CONTACT"
        # The matching key, by the name it has in HubSpot.
        primary_key = [["email"]]
        # Which field of the source goes to which property.
        mappers = [
          {
            type = "field-renaming"
            mapper_configuration = {
              field_renaming = {
                original_field_name = "email_address"
                new_field_name      = "email"
              }
            }
          },
          {
            type = "field-renaming"
            mapper_configuration = {
              field_renaming = {
                original_field_name = "given_name"
                new_field_name      = "firstname"
              }
            }
          },
        ]
      },
    ]
  }
}
