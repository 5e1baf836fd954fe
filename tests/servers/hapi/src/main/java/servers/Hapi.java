package servers;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Interceptor;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.RequestTypeEnum;
import ca.uhn.fhir.rest.api.RestOperationTypeEnum;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.MethodNotAllowedException;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Properties;
import javax.sql.DataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.h2.jdbcx.JdbcConnectionPool;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * HAPI FHIR JPA for the tests: R4, all data in memory, on a free port of 127.0.0.1. The same data at three places: /fhir
 * is for anyone, /closed for who sends the bearer token that the only argument is, and /posted for searches by POST
 * alone. When it serves, it writes one line to standard output, `serving http://127.0.0.1:PORT`; it ends when its
 * standard input does, so that it never outlives a test run.
 */
public final class Hapi {

    private Hapi() {}

    public static void main(String[] arguments) throws Exception {
        AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Settings.class);
        Server server = new Server(new InetSocketAddress("127.0.0.1", 0));
        ServletContextHandler handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(new Servlet(beans)), "/fhir/*");
        handler.addServlet(new ServletHolder(new Servlet(beans, new Door("Bearer " + arguments[0]))), "/closed/*");
        handler.addServlet(new ServletHolder(new Servlet(beans, new PostOnly())), "/posted/*");
        server.setHandler(handler);
        server.start();
        int port = ((ServerConnector) server.getConnectors()[0]).getLocalPort();
        System.out.println("serving http://127.0.0.1:" + port);
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    /** The servlet with the resources of R4 and the operations on the whole server, such as transactions. */
    private static final class Servlet extends RestfulServer {

        private final AnnotationConfigApplicationContext beans;
        private final Object[] interceptors;

        Servlet(AnnotationConfigApplicationContext beans, Object... interceptors) {
            super(beans.getBean(FhirContext.class));
            this.beans = beans;
            this.interceptors = interceptors;
        }

        @Override
        protected void initialize() {
            registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
            registerProvider(beans.getBean(JpaSystemProvider.class));
            setServerConformanceProvider(new JpaCapabilityStatementProvider(
                    this,
                    beans.getBean(IFhirSystemDao.class),
                    beans.getBean(JpaStorageSettings.class),
                    beans.getBean(ISearchParamRegistry.class),
                    beans.getBean(IValidationSupport.class)));
            setPagingProvider(beans.getBean(DatabaseBackedPagingProvider.class));
            setDefaultResponseEncoding(EncodingEnum.JSON);
            for (Object interceptor : interceptors) {
                registerInterceptor(interceptor);
            }
        }
    }

    /** Refuses every request without the right header, as HAPI itself words it: 401 with an OperationOutcome. */
    @Interceptor
    public static final class Door {

        private final String authorization;

        Door(String authorization) {
            this.authorization = authorization;
        }

        @Hook(Pointcut.SERVER_INCOMING_REQUEST_PRE_HANDLED)
        public void check(RequestDetails request) {
            if (!authorization.equals(request.getHeader("Authorization"))) {
                throw new AuthenticationException("the token is missing or wrong");
            }
        }
    }

    /** Refuses searches by GET with 405, as servers do that want no identifiers in URLs; further pages are no search. */
    @Interceptor
    public static final class PostOnly {

        @Hook(Pointcut.SERVER_INCOMING_REQUEST_PRE_HANDLED)
        public void check(RequestDetails request, RestOperationTypeEnum operation) {
            if (operation == RestOperationTypeEnum.SEARCH_TYPE && request.getRequestType() == RequestTypeEnum.GET) {
                throw new MethodNotAllowedException("search by POST", RequestTypeEnum.POST);
            }
        }
    }

    /** What the library leaves to whoever runs it: a database, and its own settings as they are by default. */
    @Configuration
    @Import({
        JpaR4Config.class,
        HapiJpaConfig.class,
        JpaBatch2Config.class,
        Batch2JobsConfig.class,
        SubscriptionChannelConfig.class,
        SubscriptionSubmitterConfig.class,
        ThreadPoolFactoryConfig.class
    })
    static class Settings {

        @Bean
        DataSource dataSource() {
            return JdbcConnectionPool.create("jdbc:h2:mem:hapi;DB_CLOSE_DELAY=-1", "sa", "");
        }

        @Bean
        @Primary
        LocalContainerEntityManagerFactoryBean entityManagerFactory(
                DataSource source,
                ConfigurableListableBeanFactory factory,
                FhirContext context,
                JpaStorageSettings storage) {
            Properties properties = new Properties();
            properties.setProperty("hibernate.dialect", HapiFhirH2Dialect.class.getName());
            properties.setProperty("hibernate.hbm2ddl.auto", "update");
            properties.setProperty("hibernate.search.enabled", "false");
            LocalContainerEntityManagerFactoryBean made =
                    HapiEntityManagerFactoryUtil.newEntityManagerFactory(factory, context, storage);
            made.setPersistenceUnitName("hapi");
            made.setDataSource(source);
            made.setJpaProperties(properties);
            return made;
        }

        @Bean
        @Primary
        JpaTransactionManager transactionManager(EntityManagerFactory factory) {
            return new JpaTransactionManager(factory);
        }

        @Bean
        JpaStorageSettings storageSettings() {
            JpaStorageSettings settings = new JpaStorageSettings();
            // The fixtures hold records whose Medication is nowhere, or on another server, as records in hospitals do.
            settings.setEnforceReferentialIntegrityOnWrite(false);
            settings.setAllowExternalReferences(true);
            return settings;
        }

        @Bean
        PartitionSettings partitionSettings() {
            return new PartitionSettings();
        }

        @Bean
        SubscriptionSettings subscriptionSettings() {
            return new SubscriptionSettings();
        }
    }
}
