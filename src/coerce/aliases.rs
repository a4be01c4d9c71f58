//! Well-known synonyms of HubSpot's default properties.
//!
//! Only names that mean the same everywhere are listed. Ids are not: a warehouse's `owner_id` or
//! `product_id` is hardly ever HubSpot's.

use super::object_kind::ObjectKind;

/// Synonym (lower case, without separators) and the property it stands for.
type Synonym = (&'static str, &'static str);

/// People and companies have postal addresses and telephones.
const PLACE: &[Synonym] = &[
    ("address1", "address"),
    ("addresscity", "city"),
    ("addresscountry", "country"),
    ("addressline1", "address"),
    ("addresspostalcode", "zip"),
    ("addressstate", "state"),
    ("addressstreet", "address"),
    ("phonenumber", "phone"),
    ("postalcode", "zip"),
    ("postcode", "zip"),
    ("province", "state"),
    ("street", "address"),
    ("streetaddress", "address"),
    ("telephone", "phone"),
    ("websiteurl", "website"),
    ("workaddresscity", "city"),
    ("workaddresscountry", "country"),
    ("workaddresspostalcode", "zip"),
    ("workaddressstate", "state"),
    ("workaddressstreet1", "address"),
    ("zipcode", "zip"),
];

const CONTACT: &[Synonym] = &[
    ("birthdate", "date_of_birth"),
    ("birthday", "date_of_birth"),
    ("cellphone", "mobilephone"),
    ("companyname", "company"),
    ("dateofbirth", "date_of_birth"),
    ("emailaddress", "email"),
    ("employees", "numemployees"),
    ("familyname", "lastname"),
    ("givenname", "firstname"),
    ("leadstatus", "hs_lead_status"),
    ("mobile", "mobilephone"),
    ("mobilenumber", "mobilephone"),
    ("mobilephonenumber", "mobilephone"),
    ("owneremail", "hubspot_owner_id"),
    ("position", "jobtitle"),
    ("surname", "lastname"),
    ("title", "jobtitle"),
];

const COMPANY: &[Synonym] = &[
    ("company", "name"),
    ("companydomain", "domain"),
    ("companyname", "name"),
    ("domainname", "domain"),
    ("employeecount", "numberofemployees"),
    ("employees", "numberofemployees"),
    ("foundedyear", "founded_year"),
    ("leadstatus", "hs_lead_status"),
    ("numemployees", "numberofemployees"),
    ("owneremail", "hubspot_owner_id"),
    ("revenue", "annualrevenue"),
    ("yearfounded", "founded_year"),
];

const DEAL: &[Synonym] = &[
    ("dealamount", "amount"),
    ("dealpipeline", "pipeline"),
    ("name", "dealname"),
    ("owneremail", "hubspot_owner_id"),
    ("priority", "hs_priority"),
    ("stage", "dealstage"),
    ("title", "dealname"),
    ("type", "dealtype"),
];

const TICKET: &[Synonym] = &[
    ("body", "content"),
    ("category", "hs_ticket_category"),
    ("description", "content"),
    ("name", "subject"),
    ("owneremail", "hubspot_owner_id"),
    ("pipeline", "hs_pipeline"),
    ("pipelinestage", "hs_pipeline_stage"),
    ("priority", "hs_ticket_priority"),
    ("stage", "hs_pipeline_stage"),
    ("status", "hs_pipeline_stage"),
    ("ticketcategory", "hs_ticket_category"),
    ("ticketname", "subject"),
    ("ticketpriority", "hs_ticket_priority"),
    ("ticketstatus", "hs_pipeline_stage"),
    ("title", "subject"),
];

const PRODUCT: &[Synonym] = &[
    ("cost", "hs_cost_of_goods_sold"),
    ("productname", "name"),
    ("productsku", "hs_sku"),
    ("sku", "hs_sku"),
    ("title", "name"),
    ("unitcost", "hs_cost_of_goods_sold"),
    ("unitprice", "price"),
];

const LINE_ITEM: &[Synonym] =
    &[("productname", "name"), ("qty", "quantity"), ("sku", "hs_sku"), ("unitprice", "price")];

/// The properties that `squashed` (lower case, without separators) may stand for.
pub(super) fn synonyms(object: ObjectKind, squashed: &str) -> impl Iterator<Item = &'static str> {
    let (own, shared): (&[Synonym], &[Synonym]) = match object {
        ObjectKind::Contact => (CONTACT, PLACE),
        ObjectKind::Company => (COMPANY, PLACE),
        ObjectKind::Deal => (DEAL, &[]),
        ObjectKind::Ticket => (TICKET, &[]),
        ObjectKind::Product => (PRODUCT, &[]),
        ObjectKind::LineItem => (LINE_ITEM, &[]),
        ObjectKind::Other => (&[], &[]),
    };
    own.iter().chain(shared).filter(move |(synonym, _)| *synonym == squashed).map(|&(_, property)| property)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::names::normalise;

    #[test]
    fn tables_are_sorted_squashed_and_free_of_circles() {
        for table in [PLACE, CONTACT, COMPANY, DEAL, TICKET, PRODUCT, LINE_ITEM] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0), "{table:?}");
            for (synonym, property) in table {
                assert_eq!(normalise(synonym).replace('_', ""), *synonym);
                assert_eq!(normalise(property), *property);
                assert_ne!(property.replace('_', ""), "", "{synonym}");
                assert_ne!(synonym, property);
            }
        }
    }
}
